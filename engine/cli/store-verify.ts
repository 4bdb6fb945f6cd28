// `thunkpad store verify [--repair] [PATH…]`: whether the objects of a store are what was registered, and whether those that are
// named after their content (texts, derivations, sources) have it. C++ Nix: src/nix/verify.cc, local-store.cc verifyStore

import { StoreError } from "../castore/error.ts"
import { reading } from "../eval/format-fault.ts"
import { hashEquals, printHash } from "../formats/hash/hash.ts"
import type { PathInfo } from "../formats/narinfo/path-info.ts"
import { makeSourcePath, makeTextPath } from "../formats/store-path/compute.ts"
import { isDerivationPath, namePart, parseStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { Substituter } from "../store/substitute.ts"
import { readArguments } from "./command.ts"
import type { Session } from "./session.ts"
import type { StoreFolder } from "./store-folder.ts"
import { StoreObjects } from "./store-objects.ts"
import { cacheFlags, cachesOf } from "./store-substitute.ts"

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

/** Gets an object from a cache again; throws StoreError if it cannot be had. */
async function restore(store: StoreFolder, path: StorePath, substituter: Substituter<PathInfo>): Promise<void> {
  const known = store.registered(path)
  if (known === undefined) throw new StoreError("absent", `it is not known what '${store.print(path)}' was`)
  const offer = await substituter.query(path)
  if (offer === null) throw new StoreError("absent", `path '${store.print(path)}' is in no binary cache`)
  await new StoreObjects(store).restore(known, offer.cache.nar(offer.info))
}

/**
 * Runs the command on the given paths, or on all; the exit status is 1 if something is wrong. With --repair what is wrong is taken from
 * binary caches again (see `store substitute`), and the status is 1 if something could not be.
 */
export async function storeVerify(argv: readonly string[], session: Session): Promise<number> {
  const given = readArguments(argv, session, { switches: ["--repair", ...cacheFlags.switches], values: cacheFlags.values })
  const store = session.requireStore()
  const named = given.positional.map((text) => reading(() => parseStorePath(text, store.storeDir)))
  const paths = named.length > 0 ? named : new Set([...store.paths(), ...store.registeredPaths()])
  const wrong: StorePath[] = []
  for (const path of paths) {
    const fault = faultOf(store, path)
    if (fault === undefined) continue
    wrong.push(path)
    session.err(`error: ${fault}`)
  }
  if (!given.has("--repair")) return wrong.length === 0 ? 0 : 1
  const substituter = new Substituter(new StoreObjects(store), cachesOf(given, store.storeDir))
  let left = 0
  for (const path of wrong) {
    try {
      await restore(store, path, substituter)
      session.err(`path '${store.print(path)}' was repaired`)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      session.err(`error: ${error.message}`)
      left++
    }
  }
  return left === 0 ? 0 : 1
}
