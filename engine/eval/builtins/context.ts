// Builtins on the contexts of strings.

import { isStorePath, parseStorePath, printStorePath } from "../../formats/store-path/store-path.ts"
import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { interpolate } from "../coerce.ts"
import { type Context, type ContextElem, sortedContext, unionContext } from "../context.ts"
import { derivedPathOf, resolveDerivedPath } from "../derived-path.ts"
import { NixError } from "../error.ts"
import type { Runtime } from "../runtime.ts"
import type { Step } from "../step.ts"
import { onText, stepKind } from "../step-kind.ts"
import { printAttrName } from "../text/escape.ts"
import { type Cell, type List, makeString } from "../value.ts"

/** A context of elements in any order, some perhaps more than once. */
function contextOf(elems: readonly ContextElem[]): Context | null {
  let context: Context | null = null
  for (const elem of elems) context = unionContext(context, [elem])
  return context
}

const unsafeDiscardStringContext = builtin({
  name: "unsafeDiscardStringContext",
  args: [["s", "lazy"]],
  doc: "Returns the string without its context: Nix forgets what the text refers to.",
  see: "primops/context.cc prim_unsafeDiscardStringContext",
  examples: [
    { nix: 'builtins.unsafeDiscardStringContext (builtins.toFile "a" "")', gives: '"/nix/store/rjpa7kdyl9a1irk0c5q47h80g8sam5p8-a"' },
  ],
  ...onText("while evaluating the argument passed to builtins.unsafeDiscardStringContext", interpolate, (_rt, t) => t.text),
})

const hasContext = builtin({
  name: "hasContext",
  args: [["s", "string"]],
  doc: "Tells whether the string refers to the store, that is whether its context is not empty.",
  see: "primops/context.cc prim_hasContext",
  examples: [
    { nix: 'builtins.hasContext "a"', gives: "false" },
    { nix: 'builtins.hasContext (builtins.toFile "a" "")', gives: "true" },
  ],
  run: (_rt, s) => s.context !== null && s.context.length > 0,
})

const unsafeDiscardOutputDependency = builtin({
  name: "unsafeDiscardOutputDependency",
  args: [["s", "lazy"]],
  doc: "Returns the string with a context in which derivations that stood for all their outputs (`drv.drvPath`) stand for the `.drv` file alone.",
  see: "primops/context.cc prim_unsafeDiscardOutputDependency",
  examples: [{ nix: 'builtins.unsafeDiscardOutputDependency "a"', gives: '"a"' }],
  ...onText("while evaluating the argument passed to builtins.unsafeDiscardOutputDependency", interpolate, (rt, t) => {
    const elems = t.context ?? []
    return makeString(t.text, contextOf(elems.map((e) => (e.kind === "drv-deep" ? rt.contexts.opaque(e.path) : e))))
  }),
})

/** The derivation that a context of one element refers to, with all its outputs. */
function deepened(rt: Runtime, t: Text): Context {
  const elem = t.context?.[0]
  if (t.context?.length !== 1 || elem === undefined)
    throw new NixError("eval", `context of string '${t.text}' must have exactly one element, but has ${t.context?.length ?? 0}`, 0)
  switch (elem.kind) {
    case "opaque":
      if (!elem.path.endsWith(".drv")) throw new NixError("eval", `path '${elem.path}' is not a derivation`, 0)
      return [rt.contexts.drvDeep(elem.path)]
    case "built":
      throw new NixError(
        "eval",
        `\`addDrvOutputDependencies\` can only act on derivations, not on a derivation output such as '${elem.output}'`,
        0,
      )
    case "drv-deep":
      return [elem]
  }
}

const addDrvOutputDependencies = builtin({
  name: "addDrvOutputDependencies",
  args: [["s", "lazy"]],
  doc: "Returns the string, whose context must be one derivation, with a context that stands for all outputs of that derivation.",
  see: "primops/context.cc prim_addDrvOutputDependencies",
  examples: [
    {
      nix: 'builtins.addDrvOutputDependencies "a"',
      fails: "context of string 'a' must have exactly one element, but has 0",
    },
  ],
  ...onText("while evaluating the argument passed to builtins.addDrvOutputDependencies", interpolate, (rt, t) =>
    makeString(t.text, deepened(rt, t)),
  ),
})

/** What `getContext` tells about one path. */
interface Info {
  path: boolean
  allOutputs: boolean
  readonly outputs: string[]
}

/** The store path an element belongs to; a derivation that another one makes has to be known without building. */
function resolvedPath(rt: Runtime, elem: ContextElem): string {
  if (!elem.path.includes("^")) return elem.path
  const path = derivedPathOf(rt, elem)
  return path.kind === "opaque" ? elem.path : printStorePath(resolveDerivedPath(rt, path.drvPath), rt.host.storeDir)
}

const getContext = builtin({
  name: "getContext",
  args: [["s", "string"]],
  doc: `Returns the context of the string as a set. Its names are store paths, its values sets of \`path = true\` (the path itself),
\`allOutputs = true\` (a derivation with all outputs) and \`outputs\` (a list of outputs of a derivation).`,
  see: "primops/context.cc prim_getContext",
  examples: [
    { nix: 'builtins.getContext "a"', gives: "{ }" },
    {
      nix: 'builtins.getContext (builtins.toFile "a" "")',
      gives: '{ "/nix/store/rjpa7kdyl9a1irk0c5q47h80g8sam5p8-a" = { path = true; }; }',
    },
  ],
  run(rt, s) {
    const infos = new Map<string, Info>()
    for (const elem of sortedContext(s.context ?? [])) {
      const path = resolvedPath(rt, elem)
      let info = infos.get(path)
      if (info === undefined) {
        info = { path: false, allOutputs: false, outputs: [] }
        infos.set(path, info)
      }
      if (elem.kind === "opaque") info.path = true
      else if (elem.kind === "drv-deep") info.allOutputs = true
      else info.outputs.push(elem.output)
    }
    const out = new Map<string, Cell>()
    for (const [path, info] of infos) {
      const fields: Record<string, Cell> = {}
      if (info.allOutputs) fields["allOutputs"] = true
      if (info.outputs.length > 0) fields["outputs"] = info.outputs
      if (info.path) fields["path"] = true
      out.set(path, Attrs.record(rt.shapes, fields))
    }
    return Attrs.ofMap(out, null)
  },
})

/** The elements that one attribute of appendContext's set stands for. */
function* stepElements(rt: Runtime, name: string, cell: Cell, pos: number): Step<ContextElem[]> {
  const { storeDir } = rt.host
  if (!isStorePath(name, storeDir)) throw new NixError("eval", `context key '${printAttrName(name)}' is not a store path`, pos)
  const storePath = printStorePath(parseStorePath(name, storeDir), storeDir)
  rt.host.ensurePath?.(storePath)
  const info = (yield stepKind(rt, cell, "attrs", pos, "while evaluating the value of a string context")) as Attrs
  const elems: ContextElem[] = []
  const isDrv = name.endsWith(".drv")

  const path = info.get("path")
  const pathFrame = "while evaluating the `path` attribute of a string context"
  if (path !== undefined && ((yield stepKind(rt, path, "bool", info.posOf("path"), pathFrame)) as boolean))
    elems.push(rt.contexts.opaque(storePath))

  const all = info.get("allOutputs")
  const allFrame = "while evaluating the `allOutputs` attribute of a string context"
  if (all !== undefined && ((yield stepKind(rt, all, "bool", info.posOf("allOutputs"), allFrame)) as boolean)) {
    if (!isDrv)
      throw new NixError("eval", `tried to add all-outputs context of ${printAttrName(name)}, which is not a derivation, to a string`, pos)
    elems.push(rt.contexts.drvDeep(storePath))
  }

  const outputs = info.get("outputs")
  if (outputs !== undefined) {
    const at = info.posOf("outputs")
    const list = (yield stepKind(rt, outputs, "list", at, "while evaluating the `outputs` attribute of a string context")) as List
    if (list.length > 0 && !isDrv)
      throw new NixError(
        "eval",
        `tried to add derivation output context of ${printAttrName(name)}, which is not a derivation, to a string`,
        pos,
      )
    for (const item of list) {
      const output = (yield stepKind(rt, item, "plain", at, "while evaluating an output name within a string context")) as string
      elems.push(rt.contexts.built(storePath, output))
    }
  }
  return elems
}

const appendContext = builtin({
  name: "appendContext",
  args: [
    ["s", "string"],
    ["context", "attrs"],
  ],
  doc: "Returns the string with more context, given as a set like the one that `getContext` returns.",
  see: "primops/context.cc prim_appendContext",
  examples: [
    {
      nix: 'builtins.getContext (builtins.appendContext "a" { "/nix/store/00000000000000000000000000000000-x" = { path = true; }; })',
      gives: '{ "/nix/store/00000000000000000000000000000000-x" = { path = true; }; }',
    },
    { nix: 'builtins.appendContext "a" { b = { }; }', fails: "context key 'b' is not a store path" },
  ],
  *step(rt, s, set) {
    let context = s.context
    for (const name of set.symbolNames(rt.symbols)) {
      const elems = (yield stepElements(rt, name, set.get(name) as Cell, set.posOf(name))) as ContextElem[]
      for (const elem of elems) context = unionContext(context, [elem])
    }
    return makeString(s.text, context)
  },
})

export const context: readonly PrimOp[] = [
  unsafeDiscardStringContext,
  hasContext,
  unsafeDiscardOutputDependency,
  addDrvOutputDependencies,
  getContext,
  appendContext,
]
