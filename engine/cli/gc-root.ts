// Roots of the garbage collector: symlinks that the user asked for (`--add-root`), which the store knows of.
// C++ Nix: libstore/indirect-root-store.cc, libmain/shared.cc printGCWarning

import * as fs from "node:fs"
import { NixError } from "../eval/error.ts"
import { joinPath, parentPath } from "../eval/path.ts"
import { digest } from "../formats/hash/digest.ts"
import { printNix32 } from "../formats/hash/nix32.ts"
import { raw } from "./host.ts"
import type { Session } from "./session.ts"
import type { StoreFolder } from "./store-folder.ts"
import { attempt } from "./tree-writer.ts"

function putSymlink(target: string, link: string): void {
  attempt(`creating symlink '${link}'`, () => {
    fs.mkdirSync(raw(parentPath(link)), { recursive: true })
    fs.rmSync(raw(link), { force: true })
    fs.symlinkSync(raw(target), raw(link))
  })
}

/** Makes `link` (absolute) point to a store path and tells the store of it. C++ Nix: addPermRoot */
export function addRoot(store: StoreFolder, storePath: string, link: string): void {
  const stat = fs.lstatSync(raw(link), { throwIfNoEntry: false })
  const ours =
    stat?.isSymbolicLink() === true &&
    fs.readlinkSync(raw(link), { encoding: "buffer" }).toString("latin1").startsWith(`${store.storeDir}/`)
  if (stat !== undefined && !ours) throw new NixError("error", `cannot create symlink "${link}"; already exists`, 0)
  putSymlink(storePath, link)
  putSymlink(link, store.real(`/nix/var/nix/gcroots/auto/${printNix32(digest("sha1", link))}`))
}

/** Hands out what to print for each path that the user asked for: the path, or the root made for it. */
export class RootPrinter {
  readonly #session: Session
  /** The name given with --add-root, or null. */
  readonly #name: string | null
  #count = 0

  constructor(session: Session, name: string | null) {
    this.#session = session
    this.#name = name
  }

  /** `path` is a full store path. Warns once if nothing keeps it from being deleted. */
  print(path: string): string {
    const { store } = this.#session
    if (store === null) return path
    const first = ++this.#count === 1
    if (this.#name === null) {
      if (first) this.#session.err("warning: you did not specify '--add-root'; the result might be removed by the garbage collector")
      return path
    }
    const link = joinPath(this.#session.cwd, first ? this.#name : `${this.#name}-${this.#count}`)
    addRoot(store, path, link)
    return link
  }
}
