// The evaluator's host on Node with a store in a folder: paths of the store are read there, what evaluation adds is
// written there.

import { NixError } from "../eval/error.ts"
import { reading } from "../eval/format-fault.ts"
import type { Host, ImportRequest } from "../eval/host.ts"
import { parseStorePath } from "../formats/store-path/store-path.ts"
import type { Building } from "./building.ts"
import type { Fetching } from "./fetching.ts"
import { NodeHost } from "./host.ts"
import type { StoreFolder } from "./store-folder.ts"

/** What the evaluator may do with the store: nix-instantiate --eval only reads. */
export type StoreAccess = "read-only" | "read-write"

export interface StoreHostOptions {
  readonly folder: StoreFolder
  readonly access: StoreAccess
  /** What fetches; null if nothing may be. */
  readonly fetching: Fetching | null
  /** Builds what evaluation needs; null if nothing can be built. */
  readonly building: Building | null
}

export class StoreHost extends NodeHost {
  readonly folder: StoreFolder
  /** Store paths of whole sources, by path and name: each is copied once. C++ Nix: fetch-to-store.cc SrcToStore */
  readonly #copied = new Map<string, string>()
  readonly download?: NonNullable<Host["download"]>
  readonly fetchTree?: NonNullable<Host["fetchTree"]>
  readonly addToStore?: (request: ImportRequest) => string
  readonly addTextToStore?: (name: string, contents: string, references: readonly string[]) => string

  readonly realise?: NonNullable<Host["realise"]>

  constructor(
    cwd: string,
    env: NodeJS.ProcessEnv,
    write: (line: string) => void,
    { folder, access, fetching, building }: StoreHostOptions,
  ) {
    super(cwd, env, write)
    this.folder = folder
    // What evaluation fetches is written, as in Nix, even where it does not write otherwise.
    if (fetching !== null) {
      this.download = (request) => fetching.download(request)
      this.fetchTree = (input) => fetching.fetchTree(input)
    }
    if (building !== null) this.realise = (outputs) => building.realise(outputs)
    if (access === "read-only") return
    this.addToStore = (request) => this.#addSource(request)
    this.addTextToStore = (name, contents, references) => {
      const paths = references.map((r) => reading(() => parseStorePath(r, this.storeDir)))
      return folder.print(folder.addText(name, contents, paths))
    }
  }

  #addSource(request: ImportRequest): string {
    const key =
      request.filter === undefined && request.references === undefined ? `${request.recursive}:${request.name}:${request.path}` : undefined
    const known = key === undefined ? undefined : this.#copied.get(key)
    if (known !== undefined) return known
    const path = this.folder.print(this.folder.addSource(this, request))
    if (key !== undefined) this.#copied.set(key, path)
    return path
  }

  /** Nothing brings a path in here: it has to be there, unless the store is only read. C++ Nix: Store::ensurePath */
  ensurePath(path: string): void {
    if (this.addToStore === undefined || this.folder.has(reading(() => parseStorePath(path, this.storeDir)))) return
    throw new NixError("error", `path '${path}' is required, but there is no substituter that can build it`, 0)
  }

  /** What an object of the folder refers to. */
  references(path: string): readonly string[] | undefined {
    const { folder } = this
    const object = reading(() => parseStorePath(path, this.storeDir))
    return folder.has(object) ? folder.references(object).map((r) => folder.print(r)) : undefined
  }

  /** Where a path is read: in the folder if it is there, else on the disk under its own name. */
  override at(path: string): string {
    if (!path.startsWith(this.storeDir)) return path
    const real = this.folder.real(path)
    return this.typeAt(real) === null ? path : real
  }
}
