// `thunkpad store verify [PATH…]`: whether the objects of a store are what was registered, and whether those that are
// named after their content (texts, derivations, sources) have it. C++ Nix: src/nix/verify.cc, local-store.cc verifyStore

import { reading } from "../eval/format-fault.ts"
import { hashEquals, printHash } from "../formats/hash/hash.ts"
import { makeSourcePath, makeTextPath } from "../formats/store-path/compute.ts"
import { isDerivationPath, namePart, parseStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { readArguments } from "./command.ts"
import type { Session } from "./session.ts"
import type { StoreFolder } from "./store-folder.ts"

/** What is wrong with an object, or undefined. */
function faultOf(store: StoreFolder, path: StorePath): string | undefined {
  const known = store.registered(path)
  const printed = store.print(path)
  if (!store.has(path)) return `path '${printed}' disappeared`
  const now = store.hash(path)
  if (known !== undefined && !hashEquals(known.narHash, now.narHash))
    return `path '${printed}' was modified! expected hash '${printHash(known.narHash, "nix32")}', got '${printHash(now.narHash, "nix32")}'`
  if (known !== undefined) return undefined
  // Nothing was registered: only the name can tell.
  if (isDerivationPath(path)) {
    const should = makeTextPath(namePart(path), store.readText(path), store.references(path), store.storeDir)
    return should === path ? undefined : `path '${printed}' was modified! its content belongs to '${store.print(should)}'`
  }
  if (makeSourcePath(namePart(path), now.narHash, store.storeDir) === path) return undefined
  return `path '${printed}' is not registered and cannot be verified`
}

/** Runs the command on the given paths, or on all; the exit status is 1 if something is wrong. */
export function storeVerify(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, {})
  const store = session.requireStore()
  const named = given.positional.map((text) => reading(() => parseStorePath(text, store.storeDir)))
  const paths = named.length > 0 ? named : new Set([...store.paths(), ...store.registeredPaths()])
  let wrong = 0
  for (const path of paths) {
    const fault = faultOf(store, path)
    if (fault === undefined) continue
    wrong++
    session.err(`error: ${fault}`)
  }
  return wrong === 0 ? 0 : 1
}
