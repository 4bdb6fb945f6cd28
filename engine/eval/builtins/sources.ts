// Builtins that put files into the store, or refer to what is there.

import { printBase16 } from "../../formats/hash/base16.ts"
import { type Hash, parseHashAllowEmpty } from "../../formats/hash/hash.ts"
import { makeFixedOutputPath, makeTextPath } from "../../formats/store-path/compute.ts"
import { isDerivationPath, isStorePath, parseStorePath, printStorePath, splitStorePath } from "../../formats/store-path/store-path.ts"
import { lstatAt, readDirAt, resolveSymlinks } from "../access.ts"
import type { Attrs } from "../attrs.ts"
import { builtin, type PrimOp } from "../builtin.ts"
import { type PathText, stepCoerceToPath } from "../coerce.ts"
import { type Context, encodeContextElem, sortedContext, unionContext } from "../context.ts"
import { NixError, Pending } from "../error.ts"
import { realiseContext } from "../files.ts"
import type { FilterRun } from "../filter-runs.ts"
import { forceBool, framed } from "../force.ts"
import { reading } from "../format-fault.ts"
import type { FileType, Host, ImportRequest } from "../host.ts"
import { lastName } from "../path.ts"
import type { Runtime } from "../runtime.ts"
import { importSource } from "../source-import.ts"
import { call, type Step } from "../step.ts"
import { stepKind } from "../step-kind.ts"
import { referencesOf } from "../store-references.ts"
import { printAttrName } from "../text/escape.ts"
import { makeString, NixString, type Thunk, type Value } from "../value.ts"

/** A store path as a string that refers to it, readable from now on (C++ Nix: allowAndSetStorePathString). */
function storeString(rt: Runtime, path: string): Value {
  rt.allowedPaths.add(path)
  return new NixString(path, [rt.contexts.opaque(path)])
}

/** Writes a text into the host's store; without one only the path is computed, as C++ Nix does in read-only mode. */
function addText(rt: Runtime, name: string, contents: string, references: readonly string[]): string {
  const { host } = rt
  const paths = references.map((p) => parseStorePath(p, host.storeDir))
  const path = reading(() => makeTextPath(name, contents, paths, host.storeDir))
  const full = printStorePath(path, host.storeDir)
  if (host.addTextToStore === undefined) return full
  // What a store takes as a derivation has to be one. C++ Nix: LocalStore::registerValidPaths
  if (isDerivationPath(path)) rt.drvs.parse(path, contents)
  return host.addTextToStore(name, contents, references, full)
}

const toFile = builtin({
  name: "toFile",
  args: [
    ["name", "plain"],
    ["s", "string"],
  ],
  doc: `Writes the string \`s\` to a file in the store, whose path ends in \`name\`, and returns that path. The string may refer to
store paths (of other files written so, of copied sources), but not to derivations.`,
  see: "primops.cc prim_toFile",
  examples: [{ nix: 'builtins.toFile "hello.txt" "hello"', gives: '"/nix/store/q790zdjk75hm2cn42nh77pqw4gbv1b88-hello.txt"' }],
  run(rt, name, s) {
    const references: string[] = []
    for (const elem of sortedContext(s.context ?? [])) {
      if (elem.kind !== "opaque")
        throw new NixError(
          "eval",
          `files created by builtins.toFile may not reference derivations, but ${name} references ${encodeContextElem(elem)}`,
          0,
        )
      references.push(elem.path)
    }
    const storePath = addText(rt, name, s.text, references)
    rt.drvs.watched?.texts.set(storePath, { name, contents: s.text, references })
    return storeString(rt, storePath)
  },
})

/** What is to be put into the store. */
interface Source {
  readonly name: string
  readonly path: string
  readonly context: Context | null
  readonly filter: Value | null
  readonly recursive: boolean
  readonly expected: Hash | null
}

/** A filter at work; see ../filter-runs.ts. */
interface Filtering {
  readonly filter: Value
  /** The innermost thunk in progress where the builtin was called. */
  readonly owner: Thunk | null
  readonly run: FilterRun
  /** The entries that it has accepted, by path. */
  readonly accepted: Set<string>
}

/** Begins what was begun before, if the builtin is run again. */
function beginFiltering(rt: Runtime, filter: Value): Filtering {
  const owner = rt.current
  return { filter, owner, run: rt.filterRuns.begin(owner), accepted: new Set() }
}

/** Asks the filter for the entries below `dir`: in sorted order, children after their directory, each once however often it has to wait. */
function* stepAccepted(rt: Runtime, filtering: Filtering, dir: string): Step<null> {
  const { filter, owner, run, accepted } = filtering
  const entries = readDirAt(rt, dir)
  for (const name of [...entries.keys()].sort()) {
    const path = dir === "/" ? `/${name}` : `${dir}/${name}`
    const type: FileType = lstatAt(rt, path)
    const known = run.answers.get(path)
    let keep: boolean
    if (known === undefined) {
      const answer = (yield call(filter, [path, type], 0)) as Value
      keep = forceBool(rt, answer, 0, "while evaluating the return value of the path filter function")
      run.answers.set(path, { keep, begun: rt.filterRuns.begun(owner) })
    } else {
      keep = known.keep
      rt.filterRuns.goTo(owner, known.begun)
    }
    if (!keep) continue
    accepted.add(path)
    if (type === "directory") yield stepAccepted(rt, filtering, path)
  }
  return null
}

/** The store path of what has the hash that is expected. */
function expectedPath(host: Host, { name, recursive }: Source, hash: Hash, references: readonly string[]): string {
  const path = reading(() => {
    const others = references.map((r) => parseStorePath(r, host.storeDir))
    return makeFixedOutputPath(name, { method: recursive ? "nar" : "flat", hash }, { others, self: false }, host.storeDir)
  })
  return printStorePath(path, host.storeDir)
}

/** Puts a tree into the store. C++ Nix: primops.cc addPath. */
function* stepAdd(rt: Runtime, source: Source): Step<Value> {
  const owner = rt.current
  const before = rt.filterRuns.begun(owner)
  try {
    const { host } = rt
    const { path, name, recursive, expected } = source
    let references: readonly string[] = []
    if (source.context !== null && path.startsWith(`${host.storeDir}/`)) {
      realiseContext(rt, source.context)
      references = referencesOf(rt, path)
    }
    const wanted = expected === null ? null : expectedPath(host, source, expected, references)
    // What is there already is neither read nor filtered.
    if (wanted !== null && (host.isStoredPath?.(wanted) ?? host.lstat(wanted) !== null)) return storeString(rt, wanted)
    const from = resolveSymlinks(rt, path, "full")
    const type = lstatAt(rt, from)
    let filtering: Filtering | null = null
    if (source.filter !== null && recursive && type === "directory") {
      host.prepare?.(from)
      filtering = beginFiltering(rt, source.filter)
      yield stepAccepted(rt, filtering, from)
    }
    const accepted = filtering?.accepted
    const request: ImportRequest = {
      path: from,
      name,
      recursive,
      ...(accepted === undefined ? {} : { filter: (p: string) => accepted.has(p) }),
      ...(expected === null ? {} : { sha256: printBase16(expected.bytes) }),
      ...(references.length === 0 ? {} : { references }),
    }
    const added = importSource(host, request)
    rt.drvs.watched?.sources.set(added, request)
    if (wanted !== null && added !== wanted)
      throw new NixError("eval", `store path mismatch in (possibly filtered) path added from '${path}'`, 0)
    return storeString(rt, added)
  } catch (e) {
    // Asked again without being undone (stepper/primop.ts), it is the same run.
    if (e instanceof Pending) rt.filterRuns.goTo(owner, before)
    throw framed(e, 0, `while adding path '${source.path}'`)
  }
}

const filterSource = builtin({
  name: "filterSource",
  args: [
    ["e1", "lazy"],
    ["e2", "lazy"],
  ],
  doc: `Copies the directory \`e2\` to the store without the entries that the function \`e1\` refuses. It is called with the path of
each entry and its type (\`"regular"\`, \`"directory"\`, \`"symlink"\`, \`"unknown"\`); what is below a refused directory is not asked for.`,
  see: "primops.cc prim_filterSource",
  examples: [{ nix: "builtins.filterSource 1 /.", fails: "expected a function but found an integer: 1" }],
  impure: true,
  *step(rt, filterCell, pathCell) {
    const frame = "while evaluating the second argument (the path to filter) passed to 'builtins.filterSource'"
    const { path, context } = (yield stepCoerceToPath(rt, pathCell, 0, frame)) as PathText
    const filter = (yield stepKind(
      rt,
      filterCell,
      "function",
      0,
      "while evaluating the first argument passed to builtins.filterSource",
    )) as Value
    const name = lastName(path) || "source"
    return (yield stepAdd(rt, { name, path, context, filter, recursive: true, expected: null })) as Value
  },
})

/** The arguments of builtins.path, in the order in which Nix keeps them. */
function* stepPathArgs(rt: Runtime, set: Attrs): Step<Source> {
  let found: PathText | null = null
  let name = ""
  let filter: Value | null = null
  let recursive = true
  let expected: Hash | null = null
  for (const attr of set.symbolNames(rt.symbols)) {
    const cell = set.get(attr)
    if (cell === undefined) continue
    const pos = set.posOf(attr)
    switch (attr) {
      case "path":
        found = (yield stepCoerceToPath(rt, cell, pos, "while evaluating the 'path' attribute passed to 'builtins.path'")) as PathText
        break
      case "name":
        name = (yield stepKind(rt, cell, "plain", pos, "while evaluating the `name` attribute passed to builtins.path")) as string
        break
      case "filter":
        filter = (yield stepKind(rt, cell, "function", pos, "while evaluating the `filter` parameter passed to builtins.path")) as Value
        break
      case "recursive":
        recursive = (yield stepKind(rt, cell, "bool", pos, "while evaluating the `recursive` attribute passed to builtins.path")) as boolean
        break
      case "sha256": {
        const text = (yield stepKind(rt, cell, "plain", pos, "while evaluating the `sha256` attribute passed to builtins.path")) as string
        const warn = (message: string): void => rt.host.log(`warning: ${message}`)
        expected = reading(() => parseHashAllowEmpty(text, "sha256", warn, rt.settings.features))
        break
      }
      default:
        throw new NixError("eval", `unsupported argument '${printAttrName(attr)}' to 'builtins.path'`, pos)
    }
  }
  if (found === null) throw new NixError("eval", "missing required 'path' attribute in the first argument to 'builtins.path'", 0)
  const { path, context } = found
  return { name: name || lastName(path) || "source", path, context, filter, recursive, expected }
}

const path = builtin({
  name: "path",
  args: [["args", "attrs", "while evaluating the argument passed to 'builtins.path'"]],
  doc: `Copies a path to the store and returns its store path. \`args\` is a set of

- \`path\`: what is copied (the only one that is needed);
- \`name\`: the name in the store, else the last component of \`path\`;
- \`filter\`: a function as for \`filterSource\`;
- \`recursive\`: if \`false\`, \`path\` must be a file and is hashed by its bytes alone;
- \`sha256\`: the hash that is expected; with another one the copy fails.`,
  see: "primops.cc prim_path",
  examples: [
    { nix: "builtins.path { }", fails: "missing required 'path' attribute in the first argument to 'builtins.path'" },
    { nix: "builtins.path { path = /.; x = 1; }", fails: "unsupported argument 'x' to 'builtins.path'" },
  ],
  impure: true,
  *step(rt, set) {
    return (yield stepAdd(rt, (yield stepPathArgs(rt, set)) as Source)) as Value
  },
})

const storePath = builtin({
  name: "storePath",
  args: [["path", "lazy"]],
  doc: "Makes a string that refers to a path in the store (or to something below one), without copying it again. Not available in pure evaluation.",
  see: "primops.cc prim_storePath",
  examples: [{ nix: "builtins.storePath /.", fails: "path '/' is not in the Nix store" }],
  impure: true,
  *step(rt, cell) {
    if (rt.settings.pureEval) throw new NixError("eval", "'builtins.storePath' is not allowed in pure evaluation mode", 0)
    const frame = "while evaluating the first argument passed to 'builtins.storePath'"
    const { path, context } = (yield stepCoerceToPath(rt, cell, 0, frame)) as PathText
    const { storeDir } = rt.host
    const found = isStorePath(path, storeDir) ? path : resolveSymlinks(rt, path, "full")
    if (!found.startsWith(`${storeDir}/`)) throw new NixError("eval", `path '${found}' is not in the Nix store`, 0)
    const object = printStorePath(reading(() => splitStorePath(found, storeDir)).path, storeDir)
    rt.host.ensurePath?.(object)
    return makeString(found, unionContext(context, [rt.contexts.opaque(object)]))
  },
})

export const sources: readonly PrimOp[] = [storePath, toFile, filterSource, path]
