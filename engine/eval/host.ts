// What the evaluator asks of its surroundings (EvalIO). All answers are synchronous; a host that has to
// wait throws `Pending`, and the evaluation is resumed when its promise is settled.

export type FileType = "regular" | "directory" | "symlink" | "unknown"

/** How a source tree is put into the store. */
export interface ImportRequest {
  /** Absolute path of the file or directory. */
  readonly path: string
  /** Name of the store path. */
  readonly name: string
  /** NAR hashing (true) or the bytes of one file (false). */
  readonly recursive: boolean
  /** Called per entry below the root in sorted order; undefined keeps everything. */
  readonly filter?: (path: string, type: FileType) => boolean
  /** Expected SHA-256 in base 16, or undefined. */
  readonly sha256?: string
  /** Full store paths that the object refers to: those of the store object it is copied from. */
  readonly references?: readonly string[]
}

/** A file to download, or an archive to download and unpack. */
export interface DownloadRequest {
  readonly url: string
  /** Name of the store path. */
  readonly name: string
  readonly unpack: boolean
  /** Expected SHA-256 in base 16 (of the file, or of the unpacked tree's NAR), or undefined. */
  readonly sha256?: string
}

/** An output of a derivation that is in the store; full path. */
export interface OutputRequest {
  readonly drvPath: string
  readonly output: string
}

/** The attributes of an input of fetchTree; see formats/flake/input.ts. */
export type FetchAttrs = ReadonlyMap<string, string | number | bigint | boolean>

/** A fetched tree and its attributes, completed (revision, NAR hash, last modification). */
export interface FetchedTree {
  readonly storePath: string
  readonly attrs: FetchAttrs
}

/**
 * The outside world of one evaluator. Paths are absolute, normalised byte strings; file contents are byte
 * strings. Methods throw NixError for what Nix reports as an error, Pending to wait.
 */
export interface Host {
  /** Store directory, "/nix/store" by default (builtins.storeDir). */
  readonly storeDir: string
  /** Where relative entries of the search path start; "/" if there is no such directory. findFile. */
  readonly cwd?: string
  /** Type of the entry itself (no symlink followed), or null if there is none. pathExists, readFileType, import. */
  lstat(path: string): FileType | null
  /** Target of a symlink. Path resolution. */
  readLink(path: string): string
  /** Bytes of a regular file. readFile, import, hashFile. */
  readFile(path: string): string
  /** Whether the owner may execute a regular file; none can without this. Sources on their way into the store. */
  isExecutable?(path: string): boolean
  /** Names and types of a directory's entries. readDir. */
  readDir(path: string): ReadonlyMap<string, FileType>
  /** Environment variable, "" if unset. getEnv. */
  getEnv(name: string): string
  /** Seconds since 1970. currentTime. */
  now(): number
  /** One finished line for the user (no newline): `trace: …`, `evaluation warning: …`, `warning: …`. */
  log(line: string): void
  /** Puts a source tree into the store, returns its store path; without it the path is only computed (source-import.ts). Path interpolation, path, filterSource. */
  addToStore?(request: ImportRequest): string
  /** Writes a text file with these references, returns its store path: `known`, if the caller has computed it. toFile, derivations. */
  addTextToStore?(name: string, contents: string, references: readonly string[], known?: string): string
  /** Fails unless the store object at this full path is there or can be brought in. storePath, appendContext. */
  ensurePath?(storePath: string): void
  /** Whether the store object at this full path is there; without it `lstat` tells. fetchurl, fetchTarball. */
  isValidPath?(storePath: string): boolean
  /** The same without asking binary caches for it. path. */
  isStoredPath?(storePath: string): boolean
  /** Reads ahead the directories of a tree that is about to be walked. path and filterSource with a filter. */
  prepare?(path: string): void
  /** What the store object at this full path refers to (full paths), or undefined if that is not known. readFile, path, filterSource. */
  references?(storePath: string): readonly string[] | undefined
  /** Downloads into the store, returns the store path; a wrong hash is an error. fetchurl, fetchTarball. */
  download?(request: DownloadRequest): string
  /** Fetches the tree of a checked input. fetchTree, fetchGit. */
  fetchTree?(input: FetchAttrs): FetchedTree
  /** Makes outputs be there, by building them if need be; gives their full paths in the same order. Import from derivation. */
  realise?(outputs: readonly OutputRequest[]): readonly string[]
}
