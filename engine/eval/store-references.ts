// What objects of the store refer to, as far as evaluation can tell. C++ Nix: Store::queryPathInfo, where an unknown
// path has no references.

import { hashPart, isDerivationPath, parseStorePath, splitStorePath } from "../formats/store-path/store-path.ts"
import type { Context } from "./context.ts"
import { unionContext } from "./context.ts"
import { NixError } from "./error.ts"
import { reading } from "./format-fault.ts"
import type { Runtime } from "./runtime.ts"

/** The references (full paths) of the store object that `path` is or is in; none if it is not in the store or not known. */
export function referencesOf(rt: Runtime, path: string): readonly string[] {
  const { host } = rt
  if (!path.startsWith(`${host.storeDir}/`)) return []
  try {
    const object = reading(() => splitStorePath(path, host.storeDir)).path
    const full = `${host.storeDir}/${object}`
    const known = rt.drvs.references(object)?.map((p) => `${host.storeDir}/${p}`) ?? host.references?.(full)
    if (known !== undefined) return known
    if (!isDerivationPath(object) || host.lstat(full) !== "regular") return []
    rt.drvs.read(object)
    return rt.drvs.references(object)?.map((p) => `${host.storeDir}/${p}`) ?? []
  } catch (e) {
    if (e instanceof NixError) return []
    throw e
  }
}

/** The context of a text read from the store: those references of its object whose hash occurs in it. */
export function contextOfText(rt: Runtime, path: string, text: string): Context | null {
  let context: Context | null = null
  for (const reference of referencesOf(rt, path)) {
    if (text.includes(hashPart(parseStorePath(reference, rt.host.storeDir))))
      context = unionContext(context, [rt.contexts.opaque(reference)])
  }
  return context
}
