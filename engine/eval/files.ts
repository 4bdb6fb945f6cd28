// Files as evaluation uses them: realising the context of a path, imports and their memory.
// C++ Nix: primops.cc realisePath, realiseContext, scopedImport; eval.cc evalFile, resolveExprPath.

import { rewriteText } from "../formats/derivation/resolve.ts"
import { isStorePath, printStorePath } from "../formats/store-path/store-path.ts"
import { baseScope, innerScope } from "../lang/bind.ts"
import { lstatAt, readFileAt, resolveSymlinks, typeOfFile } from "./access.ts"
import type { Attrs } from "./attrs.ts"
import { type PathText, stepCoerceToPath } from "./coerce.ts"
import { type Context, type ContextElem, displayContextElem, sortedContext } from "./context.ts"
import { derivedPathOf, derivedPathText, resolveDerivedPath } from "./derived-path.ts"
import { NixError } from "./error.ts"
import { failThunk, forceSpecial, framed } from "./force.ts"
import { joinPath, lastName, parentPath } from "./path.ts"
import type { Loader, Runtime } from "./runtime.ts"
import { need, type Step } from "./step.ts"
import { APPLY, BLACKHOLE, type Cell, type Env, Thunk, type Value } from "./value.ts"

/** What stands in strings for outputs whose paths were not known, and their paths. */
export type Realised = ReadonlyMap<string, string>

const nothing: Realised = new Map()

/**
 * Makes sure that what a context refers to is there, brought in or built by the host where it can. C++ Nix: realiseContext; like it, the
 * first element in Nix's order that is missing decides, and all that have to be built are asked for together.
 */
export function realiseContext(rt: Runtime, context: Context | null): Realised {
  if (context === null) return nothing
  const outputs: ContextElem[] = []
  for (const elem of sortedContext(context)) {
    const path = elem.kind === "built" ? (elem.path.split("^")[0] as string) : elem.path
    if (rt.host.lstat(path) === null) throw new NixError("invalid-path", `path '${path}' is not valid`, 0)
    if (elem.kind === "built") outputs.push(elem)
  }
  const first = outputs[0]
  if (first === undefined) return nothing
  if (!rt.settings.allowImportFromDerivation)
    throw new NixError(
      "import-from-derivation",
      `cannot build '${displayContextElem(first)}' during evaluation because the option 'allow-import-from-derivation' is disabled`,
      0,
    )
  const missing: ContextElem[] = []
  for (const elem of outputs) {
    const path = knownOutput(rt, elem)
    if (path !== undefined && rt.host.lstat(path) !== null) rt.allowedPaths.add(path)
    else missing.push(elem)
  }
  return missing.length === 0 ? nothing : realiseOutputs(rt, missing)
}

/** Asks the host for outputs. */
function realiseOutputs(rt: Runtime, missing: readonly ContextElem[]): Realised {
  const { host } = rt
  const unable = host.realise === undefined ? missing[0] : missing.find(({ path }) => path.includes("^"))
  if (unable !== undefined || host.realise === undefined)
    throw new NixError(
      "not-yet",
      `cannot build '${displayContextElem(unable as ContextElem)}' during evaluation: import from derivation is not supported ${host.realise === undefined ? "here" : "for outputs of outputs"} yet`,
      0,
    )
  const paths = host.realise(missing.map(({ path, output }) => ({ drvPath: path, output })))
  const rewrites = new Map<string, string>()
  for (const [i, elem] of missing.entries()) {
    const path = paths[i] as string
    rt.allowedPaths.add(path)
    if (knownOutput(rt, elem) === undefined) rewrites.set(derivedPathText(rt, derivedPathOf(rt, elem)), path)
  }
  return rewrites
}

/** A text with what is known now in place of what stood for it. */
export function withRealised(text: string, realised: Realised): string {
  return realised.size === 0 ? text : rewriteText(text, realised)
}

/** The full path of an output of a derivation, if it is known without building. */
function knownOutput(rt: Runtime, elem: ContextElem): string | undefined {
  try {
    return printStorePath(resolveDerivedPath(rt, derivedPathOf(rt, elem)), rt.host.storeDir)
  } catch (e) {
    if (e instanceof NixError) return undefined
    throw e
  }
}

/** The path that a cell stands for, realised, with symlinks resolved as asked. C++ Nix: realisePath. */
export function* stepRealisePath(rt: Runtime, cell: Cell, resolve: "full" | "ancestors" | "none"): Step<string> {
  const { path: given, context } = (yield stepCoerceToPath(rt, cell, 0, "while realising the context of a path")) as PathText
  let path = given
  try {
    path = withRealised(given, realiseContext(rt, context))
    return resolve === "none" ? path : resolveSymlinks(rt, path, resolve)
  } catch (e) {
    throw framed(e, 0, `while realising the context of path '${path}'`)
  }
}

/** Follows a path to the file that `import` reads: symlinks of the file itself, and `default.nix` in a directory. */
export function resolveExprPath(rt: Runtime, path: string): string {
  let at = path
  for (let followed = 1; at !== "/"; followed++) {
    if (followed >= 1024) throw new NixError("error", `too many symbolic links encountered while traversing the path '${at}'`, 0)
    const dir = resolveSymlinks(rt, parentPath(at), "full")
    const entry = joinPath(dir, lastName(at))
    if (lstatAt(rt, entry) !== "symlink") break
    at = joinPath(parentPath(at), rt.host.readLink(entry))
  }
  return lstatAt(rt, resolveSymlinks(rt, at, "full")) === "directory" ? joinPath(at, "default.nix") : at
}

function loaderOf(rt: Runtime): Loader {
  if (rt.loader === null) throw new RangeError("the runtime has no loader")
  return rt.loader
}

/** The text of a file that is to be parsed. */
function readExpr(rt: Runtime, path: string): string {
  return readFileAt(rt, resolveSymlinks(rt, path, "full"))
}

/**
 * The value of a file, evaluated once per resolved path. The remembered thunk is forced here only: it waits
 * as an application of nothing to the thunk of the file's expression, and is a black hole meanwhile, so that
 * the frame "while evaluating the file" is inside of it, as in C++ Nix (ExprParseFile).
 */
export function* stepEvalFile(rt: Runtime, path: string): Step<Value> {
  let resolved = rt.resolvedImports.get(path)
  if (resolved === undefined) {
    resolved = resolveExprPath(rt, path)
    rt.resolvedImports.set(path, resolved)
  }
  const known = rt.imports.get(resolved)
  let file: Thunk
  if (known === undefined) {
    file = new Thunk(APPLY, null)
    try {
      file.content = [new Thunk(loaderOf(rt)(resolved, readExpr(rt, resolved)), rt.globals)]
    } catch (e) {
      if (e instanceof NixError) rt.imports.set(resolved, failedFile(rt, e))
      throw e
    }
    rt.imports.set(resolved, file)
  } else if (known instanceof Thunk) file = known
  else return known
  if (file.code === null) return file.content as Value
  if (file.code !== APPLY) return forceSpecial(file, 0)
  const app = file.content as readonly Cell[]
  const owner = rt.current
  file.code = BLACKHOLE
  rt.current = file
  try {
    const value = (yield need(app[0] as Cell, 0)) as Value
    file.code = null
    file.content = value
    return value
  } catch (e) {
    throw failThunk(rt, file, APPLY, app, framed(e, 0, `while evaluating the file '${resolved}':`))
  } finally {
    rt.current = owner
  }
}

/** The memory of a file that could not be read or parsed: importing it again fails with the same words. */
function failedFile(rt: Runtime, e: NixError): Thunk {
  const file = new Thunk(null, null)
  failThunk(rt, file, APPLY, null, e)
  return file
}

/** The value of a file whose variables may also come from a set; never remembered. C++ Nix: scopedImport. */
export function* stepScopedImport(rt: Runtime, scope: Attrs, path: string): Step<Value> {
  const names = scope.symbolNames(rt.symbols)
  const env: Env = [rt.globals]
  for (const name of names) env.push(scope.get(name) as Cell)
  const resolved = resolveExprPath(rt, path)
  const text = readExpr(rt, resolved)
  const code = loaderOf(rt)(resolved, text, innerScope(baseScope(rt.globalNames), names))
  return (yield need(new Thunk(code, env), 0)) as Value
}

/** True for the derivation of a store path that is there: importing it gives its outputs. */
export function isDerivationInStore(rt: Runtime, path: string): boolean {
  return path.endsWith(".drv") && isStorePath(path, rt.host.storeDir) && typeOfFile(rt, path) !== null
}
