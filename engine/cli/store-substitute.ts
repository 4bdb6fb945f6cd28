// `thunkpad store substitute [--from "URL…"] [--trusted-public-keys "KEY…"] [--no-check-sigs] PATH…`: brings store paths, with all they
// refer to, from binary caches into the store. C++ Nix: src/nix/copy.cc, nix-store --realise

import { reading } from "../eval/format-fault.ts"
import { parsePublicKey } from "../formats/narinfo/signature.ts"
import { splitStorePath } from "../formats/store-path/store-path.ts"
import { BinaryCache } from "../store/binary-cache.ts"
import { Substituter } from "../store/substitute.ts"
import { type Arguments, readArguments } from "./command.ts"
import type { Session } from "./session.ts"
import { StoreObjects } from "./store-objects.ts"
import { UsageError } from "./usage-error.ts"

/** C++ Nix: libstore/include/nix/store/globals.hh, the defaults of `substituters` and `trusted-public-keys` */
const defaults = {
  caches: "https://cache.nixos.org",
  keys: "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "")

/** The flags that say which caches are asked and believed. */
export const cacheFlags = { switches: ["--no-check-sigs"], values: ["--from", "--trusted-public-keys"] } as const

/** The caches that the flags name. */
export function cachesOf(given: Arguments, storeDir: string): BinaryCache[] {
  const publicKeys = reading(() => words(given.get("--trusted-public-keys") ?? defaults.keys).map(parsePublicKey))
  const isTrusted = given.has("--no-check-sigs")
  return words(given.get("--from") ?? defaults.caches).map((url) => {
    if (!/^https?:\/\//.test(url)) throw new UsageError(`'${url}' is no binary cache that can be read: http:// and https:// are`)
    return new BinaryCache({ url, storeDir, publicKeys, isTrusted })
  })
}

/** Runs the command. */
export async function storeSubstitute(argv: readonly string[], session: Session): Promise<number> {
  const given = readArguments(argv, session, cacheFlags)
  if (given.positional.length === 0) throw new UsageError("at least one store path is wanted")
  const folder = session.requireStore()
  const { storeDir } = folder
  const paths = given.positional.map((text) => reading(() => splitStorePath(text, storeDir)).path)
  const substituter = new Substituter(new StoreObjects(folder), cachesOf(given, storeDir))
  for (const { path } of await substituter.substitute(paths)) session.out(`${folder.print(path)}\n`)
  return 0
}
