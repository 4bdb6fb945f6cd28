// What builders wrote, in a store in a folder, where Nix keeps it: nix/var/log/nix/drvs. C++ Nix: libstore/log-store.cc

import * as fs from "node:fs"
import type { BuildNews } from "../build/build-news.ts"
import { parseStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { raw } from "./host.ts"
import type { StoreFolder } from "./store-folder.ts"
import { attempt } from "./tree-writer.ts"

/** Where the folder has the log of a derivation's build. C++ Nix: LocalFSStore::getBuildLogExact */
function logFile(folder: StoreFolder, drvPath: StorePath): string {
  return `${folder.root}/nix/var/log/nix/drvs/${drvPath.slice(0, 2)}/${drvPath.slice(2)}`
}

/** What the last build of a derivation wrote (bytes), or null. */
export function readBuildLog(folder: StoreFolder, drvPath: StorePath): string | null {
  const file = raw(logFile(folder, drvPath))
  return fs.existsSync(file) ? attempt("reading a build log", () => fs.readFileSync(file, "latin1")) : null
}

/** Keeps what builders write in the folder, a file for each derivation. */
export class BuildLogs {
  readonly #folder: StoreFolder
  readonly #begun = new Set<string>()

  constructor(folder: StoreFolder) {
    this.#folder = folder
  }

  take(news: BuildNews): void {
    if (news.kind === "anew" || news.kind === "done" || news.kind === "failed") this.#begun.delete(news.drvPath)
    if (news.kind !== "log") return
    const file = logFile(this.#folder, parseStorePath(news.drvPath, this.#folder.storeDir))
    attempt(`writing '${file}'`, () => {
      if (this.#begun.has(news.drvPath)) fs.appendFileSync(raw(file), news.bytes)
      else {
        fs.mkdirSync(raw(file.slice(0, file.lastIndexOf("/"))), { recursive: true })
        fs.writeFileSync(raw(file), news.bytes)
      }
    })
    this.#begun.add(news.drvPath)
  }
}
