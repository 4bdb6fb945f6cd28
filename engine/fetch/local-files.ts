// Files by their own paths, for `file:` addresses and `path` inputs: those of the disk on Node, those of the workspace in a tab.

/** What is at a path. */
export interface LocalEntry {
  readonly type: "regular" | "directory" | "symlink" | "unknown"
  readonly executable: boolean
  /** Seconds since 1970; 0 where files have no times. */
  readonly mtime: number
}

/** Where local files come from. Paths are absolute byte strings. Methods throw NixError for what the system refuses. */
export interface LocalFiles {
  /**
   * Waits until reading what is at a path brings nothing into the store any more, which would wait for ever if the store was locked by
   * who reads. What is not there is no error here. Absent where files are never brought in.
   */
  ready?(path: string): Promise<void>
  /** The entry itself (no symlink followed), or null if there is none. */
  lstat(path: string): Promise<LocalEntry | null>
  /** Names in a directory, in any order. */
  readDir(path: string): Promise<readonly string[]>
  readLink(path: string): Promise<string>
  /** The bytes at a path, symlinks followed; null if there is nothing that can be read. */
  read(path: string): Promise<AsyncIterable<Uint8Array> | null>
}
