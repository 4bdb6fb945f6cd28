// Derivations named on the command line: a path in the store that --store gives (or one of its outputs), or a `.drv` file anywhere,
// whose inputs are then looked for beside it, and in that store.

import * as fs from "node:fs"
import { NixError } from "../eval/error.ts"
import { reading } from "../eval/format-fault.ts"
import { joinPath, lastName, parentPath } from "../eval/path.ts"
import { parseAterm } from "../formats/derivation/aterm-reader.ts"
import { type Derivation, outputPath } from "../formats/derivation/derivation.ts"
import { parseExtendedOutputsSpec } from "../formats/store-path/outputs-spec.ts"
import {
  defaultStoreDir,
  drvNameOfPath,
  isDerivationPath,
  parseBaseName,
  parseStorePath,
  type StorePath,
} from "../formats/store-path/store-path.ts"
import { raw } from "./host.ts"
import type { Session } from "./session.ts"
import type { StoreFolder } from "./store-folder.ts"
import { attempt } from "./tree-writer.ts"
import { UsageError } from "./usage-error.ts"

/** A derivation and where it and its inputs are read. */
export interface DrvArgument {
  readonly path: StorePath
  readonly storeDir: string
  /** The derivation at a path of the same store or folder; Nix's error if it is not there. */
  read(path: StorePath): Derivation
  /** The text of a file in the same store or folder; undefined if there is none. */
  text(path: StorePath): string | undefined
}

function textAt(file: string): string | undefined {
  const stat = fs.lstatSync(raw(file), { throwIfNoEntry: false })
  return stat?.isFile() === true ? attempt(`reading '${file}'`, () => fs.readFileSync(raw(file), "latin1")) : undefined
}

/** The first derivation of the store that has this output. C++ Nix: installables.cc getDeriver */
function deriver(store: StoreFolder, output: StorePath): StorePath {
  const quoted = `"${store.print(output)}"`
  for (const path of store.paths().filter(isDerivationPath)) {
    if (!store.readText(path).includes(quoted)) continue
    const drv = store.derivation(path)
    for (const [name, each] of drv.outputs) if (outputPath(each, drv.name, name, store.storeDir) === output) return path
  }
  throw new NixError("error", `'${store.print(output)}' does not have a known deriver`, 0)
}

/** Finds the derivation that an argument (a byte string) names. */
export function openDrv(session: Session, argument: string): DrvArgument {
  const { store } = session
  if (store !== null && argument.startsWith(`${store.storeDir}/`)) {
    const named = reading(() => parseStorePath(parseExtendedOutputsSpec(argument).before, store.storeDir))
    const path = isDerivationPath(named) ? named : deriver(store, named)
    const text = (p: StorePath): string | undefined => textAt(store.real(store.print(p)))
    return { path, storeDir: store.storeDir, read: (p) => store.derivation(p), text }
  }
  const file = joinPath(session.cwd, argument)
  if (textAt(file) === undefined)
    throw new UsageError(`there is no derivation '${argument}': a path in the store of '--store FOLDER', or a file, is wanted`)
  const folder = parentPath(file)
  const storeDir = session.streams.env["NIX_STORE_DIR"] ?? defaultStoreDir
  const stored = (p: StorePath): string | undefined =>
    store === null || store.storeDir !== storeDir ? undefined : textAt(store.real(store.print(p)))
  const text = (p: StorePath): string | undefined => textAt(`${folder}/${p}`) ?? stored(p)
  const read = (p: StorePath): Derivation => {
    const found = text(p)
    if (found === undefined) throw new NixError("invalid-path", `path '${storeDir}/${p}' is not valid`, 0)
    return reading(() => parseAterm(found, drvNameOfPath(p), storeDir))
  }
  return { path: reading(() => parseBaseName(lastName(file))), storeDir, read, text }
}
