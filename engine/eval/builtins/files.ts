// Builtins that look at files, and imports.

import { lstatAt, readDirAt, readFileAt, typeOfFile } from "../access.ts"
import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { asText, stepCoerce } from "../coerce.ts"
import { NixError } from "../error.ts"
import { isDerivationInStore, realiseContext, stepEvalFile, stepRealisePath, stepScopedImport, withRealised } from "../files.ts"
import { stepImportDerivation } from "../imported-drv.ts"
import { lastName } from "../path.ts"
import type { Runtime, SearchPathEntry } from "../runtime.ts"
import { findFile as find } from "../search-path.ts"
import type { Step } from "../step.ts"
import { requiredAttr, stepKind } from "../step-kind.ts"
import { contextOfText } from "../store-references.ts"
import { type Cell, makeString, NixPath, textOf, type Value } from "../value.ts"

const importFile = builtin({
  name: "import",
  global: true,
  args: [["path", "lazy"]],
  doc: `Reads the Nix expression in the file \`path\` and returns its value. For a directory the file \`default.nix\` in it is read. A
file is evaluated once, however often it is imported. A \`.drv\` file in the store gives the derivation. The expression
sees builtins only; give it values by calling the function it returns.`,
  see: "primops.cc import, eval.cc evalFile",
  examples: [{ nix: "import /does/not/exist.nix", fails: "path '/does/not/exist.nix' does not exist" }],
  impure: true,
  *step(rt, cell) {
    const path = (yield stepRealisePath(rt, cell, "none")) as string
    if (isDerivationInStore(rt, path)) return (yield stepImportDerivation(rt, path)) as Value
    return (yield stepEvalFile(rt, path)) as Value
  },
})

const scopedImport = builtin({
  name: "scopedImport",
  global: true,
  args: [
    ["scope", "lazy"],
    ["path", "lazy"],
  ],
  doc: "Like `import`, but the expression sees the attributes of `scope` as variables too; they hide builtins of the same name. Nothing is remembered: each call evaluates the file anew.",
  see: "primops.cc import, scopedImport",
  examples: [{ nix: "scopedImport { } /does/not/exist.nix", fails: "path '/does/not/exist.nix' does not exist" }],
  impure: true,
  *step(rt, scope, cell) {
    const path = (yield stepRealisePath(rt, cell, "none")) as string
    // The scope is not looked at then.
    if (isDerivationInStore(rt, path)) return (yield stepImportDerivation(rt, path)) as Value
    const set = (yield stepKind(rt, scope, "attrs", 0, "while evaluating the first argument passed to builtins.scopedImport")) as Attrs
    return (yield stepScopedImport(rt, set, path)) as Value
  },
})

const readFile = builtin({
  name: "readFile",
  args: [["path", "lazy"]],
  doc: "Returns the contents of a file as a string (bytes, as they are). A file with null bytes cannot be a string. What a file in the store refers to becomes the context of the string.",
  see: "primops.cc prim_readFile",
  examples: [{ nix: "builtins.readFile /does/not/exist", fails: "path '/does/not/exist' does not exist" }],
  impure: true,
  *step(rt, cell) {
    const path = (yield stepRealisePath(rt, cell, "full")) as string
    const text = readFileAt(rt, path)
    if (text.includes("\0")) throw new NixError("eval", `the contents of the file '${path}' cannot be represented as a Nix string`, 0)
    rt.chargeText(text.length)
    return makeString(text, contextOfText(rt, path, text))
  },
})

const readFileType = builtin({
  name: "readFileType",
  args: [["p", "lazy"]],
  doc: 'Returns the type of a file itself, symlinks not followed: `"regular"`, `"directory"`, `"symlink"` or `"unknown"`.',
  see: "primops.cc prim_readFileType",
  examples: [{ nix: "builtins.readFileType /does/not/exist", fails: "path '/does/not/exist' does not exist" }],
  impure: true,
  *step(rt, cell) {
    return lstatAt(rt, (yield stepRealisePath(rt, cell, "none")) as string)
  },
})

const readDir = builtin({
  name: "readDir",
  args: [["path", "lazy"]],
  doc: 'Returns the entries of a directory as a set from name to type: `"regular"`, `"directory"`, `"symlink"` or `"unknown"`.',
  see: "primops.cc prim_readDir",
  examples: [{ nix: "builtins.readDir /does/not/exist", fails: "path '/does/not/exist' does not exist" }],
  impure: true,
  *step(rt, cell) {
    const path = (yield stepRealisePath(rt, cell, "full")) as string
    // What else is in the store is nobody's business (C++ Nix: RemoteFSAccessor, LocalStoreAccessor::toRealPath).
    if (path === rt.host.storeDir) throw new NixError("error", `path '${path}/' is not in the Nix store`, 0)
    const entries = readDirAt(rt, path)
    rt.charge(entries.size * 32)
    return Attrs.ofMap(new Map<string, Cell>(entries), null)
  },
})

const pathExists = builtin({
  name: "pathExists",
  args: [["path", "any"]],
  doc: "Tells whether the path exists. A symlink exists even if its target does not. A string that ends in `/` or `/.` asks for a directory.",
  see: "primops.cc prim_pathExists",
  examples: [
    { nix: "builtins.pathExists /does/not/exist", gives: "false" },
    { nix: "builtins.pathExists /.", gives: "true" },
  ],
  impure: true,
  *step(rt, v) {
    const text = textOf(v)
    const directory = text !== undefined && (text.endsWith("/") || text.endsWith("/."))
    try {
      const path = (yield stepRealisePath(rt, v, directory ? "full" : "ancestors")) as string
      const type = typeOfFile(rt, path)
      return type !== null && (!directory || type === "directory")
    } catch (e) {
      if (e instanceof NixError && e.kind === "restricted") return false
      throw e
    }
  },
})

const elementFrame = "while evaluating an element of the list passed to builtins.findFile"
const prefixFrame = "while evaluating the `prefix` attribute of an element of the list passed to builtins.findFile"
const pathFrame = "while evaluating the `path` attribute of an element of the list passed to builtins.findFile"

/** One entry of a search path given as a value. */
function* stepEntry(rt: Runtime, cell: Cell): Step<SearchPathEntry> {
  const set = (yield stepKind(rt, cell, "attrs", 0, elementFrame)) as Attrs
  const prefixCell = set.get("prefix")
  const prefix = prefixCell === undefined ? "" : ((yield stepKind(rt, prefixCell, "plain", 0, prefixFrame)) as string)
  const pathCell = requiredAttr(set, "path", "in an element of the __nixPath")
  const path = (yield stepCoerce(rt, pathCell, 0, pathFrame, asText)) as Text
  try {
    return { prefix, path: withRealised(path.text, realiseContext(rt, path.context)) }
  } catch (e) {
    if (!(e instanceof NixError) || e.kind !== "invalid-path") throw e
    const missing = /'(.*)'/.exec(e.message)
    const base = missing === null ? "" : lastName(missing[1] as string)
    throw new NixError("eval", `cannot find '${path.text}', since path '${base}' is not valid`, 0)
  }
}

const findFile = builtin({
  name: "findFile",
  args: [
    ["search-path", "list"],
    ["lookup-path", "lazy"],
  ],
  doc: `Finds \`lookup-path\` in a search path, which is a list of sets \`{ prefix; path; }\`. The first entry wins whose prefix fits and
below whose path the rest exists. \`<a/b>\` is short for \`builtins.findFile builtins.nixPath "a/b"\`.`,
  see: "primops.cc prim_findFile, eval.cc findFile",
  examples: [
    {
      nix: 'builtins.findFile [ ] "none"',
      fails: "file 'none' was not found in the Nix search path (add it using $NIX_PATH or -I)",
    },
  ],
  impure: true,
  *step(rt, list, lookup) {
    const entries: SearchPathEntry[] = []
    for (const cell of list) entries.push((yield stepEntry(rt, cell)) as SearchPathEntry)
    const path = (yield stepKind(rt, lookup, "plain", 0, "while evaluating the second argument passed to builtins.findFile")) as string
    return new NixPath(find(rt, entries, path, 0))
  },
})

const getEnv = builtin({
  name: "getEnv",
  args: [["s", "plain", "while evaluating the first argument passed to builtins.getEnv"]],
  doc: 'Returns the value of an environment variable, `""` if it is not set or in pure and restricted mode.',
  see: "primops.cc prim_getEnv",
  examples: [{ nix: 'builtins.getEnv "THIS_IS_NOT_SET"', gives: '""' }],
  impure: true,
  run: (rt, name) => (rt.settings.restrictEval || rt.settings.pureEval ? "" : rt.host.getEnv(name)),
})

export const files: readonly PrimOp[] = [scopedImport, importFile, getEnv, pathExists, readFile, findFile, readFileType, readDir]
