// Fetchers. Their arguments are read and checked as Nix does; a file or tree with a known hash has its store
// path without any network. Downloading itself comes with the store: until then it is an error of kind "not-yet".
// C++ Nix: primops/fetchTree.cc.

import { type Hash, parseHashAllowEmpty } from "../../formats/hash/hash.ts"
import { makeFixedOutputPath } from "../../formats/store-path/compute.ts"
import { nameFault } from "../../formats/store-path/name.ts"
import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { asText, stepCoerce } from "../coerce.ts"
import { NixError } from "../error.ts"
import { reading } from "../format-fault.ts"
import { lastName } from "../path.ts"
import type { Runtime } from "../runtime.ts"
import { showType } from "../show-type.ts"
import { need, type Step } from "../step.ts"
import { stepKind } from "../step-kind.ts"
import { logOnce } from "../trace.ts"
import { type Cell, NixPath, NixString, type Value } from "../value.ts"

/** What fetchurl and fetchTarball are asked for. */
interface Wanted {
  url: string
  name: string | null
  hash: Hash | null
}

function* readWanted(rt: Runtime, who: string, arg: Cell): Step<{ wanted: Wanted; isSet: boolean }> {
  const v = (yield need(arg, 0)) as Value
  const wanted: Wanted = { url: "", name: null, hash: null }
  if (!(v instanceof Attrs)) {
    wanted.url = (yield stepKind(rt, v, "plain", 0, "while evaluating the url we should fetch")) as string
    return { wanted, isSet: false }
  }
  let hasUrl = false
  for (const key of v.symbolNames(rt.symbols)) {
    const at = v.posOf(key)
    const cell = v.get(key) as Cell
    if (key === "url") {
      wanted.url = (yield stepKind(rt, cell, "plain", at, "while evaluating the url we should fetch")) as string
      hasUrl = true
    } else if (key === "sha256") {
      const text = (yield stepKind(rt, cell, "plain", at, "while evaluating the sha256 of the content we should fetch")) as string
      wanted.hash = reading(() => parseHashAllowEmpty(text, "sha256", (m) => logOnce(rt, `warning: ${m}`)))
    } else if (key === "name")
      wanted.name = (yield stepKind(rt, cell, "plain", at, "while evaluating the name of the content we should fetch")) as string
    else throw new NixError("eval", `unsupported argument '${key}' to '${who}'`, 0)
  }
  if (!hasUrl) throw new NixError("eval", "'url' argument required", 0)
  return { wanted, isSet: true }
}

function nameHelp(who: string, named: boolean, isSet: boolean): string {
  if (named) return `Please change the value for the 'name' attribute passed to '${who}', so that it can create a valid store path.`
  if (isSet) return `Please add a valid 'name' attribute to the argument for '${who}', so that it can create a valid store path.`
  return `Please pass an attribute set with 'url' and 'name' attributes to '${who}',  so that it can create a valid store path.`
}

function* fetch(rt: Runtime, who: "fetchurl" | "fetchTarball", arg: Cell): Step<Value> {
  const { wanted, isSet } = (yield readWanted(rt, who, arg)) as { wanted: Wanted; isSet: boolean }
  const unpack = who === "fetchTarball"
  const name = wanted.name || (unpack && wanted.name === null ? "source" : lastName(wanted.url))
  const fault = nameFault(name)
  if (fault !== undefined)
    throw new NixError(
      "eval",
      `invalid store path name when fetching URL '${wanted.url}': ${fault}. ${nameHelp(who, wanted.name !== null, isSet)}`,
      0,
    )
  if (rt.settings.pureEval && wanted.hash === null)
    throw new NixError("eval", `in pure evaluation mode, '${who}' requires a 'sha256' argument`, 0)
  const { hash } = wanted
  if (hash === null)
    throw new NixError("not-yet", `downloading '${wanted.url}' is not supported yet; with a 'sha256' its store path is known`, 0)
  const dir = rt.host.storeDir
  const path = `${dir}/${reading(() => makeFixedOutputPath(name, { method: unpack ? "nar" : "flat", hash }, undefined, dir))}`
  rt.allowedPaths.add(path)
  return new NixString(path, [rt.contexts.opaque(path)])
}

const fetchurl = builtin({
  name: "fetchurl",
  args: [["arg", "lazy"]],
  doc: `Downloads a file and returns its path in the store. The argument is a URL, or a set \`{ url; name?; sha256?; }\`. With \`sha256\`
the path is known without a download; downloading is not supported yet.`,
  see: "primops/fetchTree.cc prim_fetchurl",
  examples: [
    {
      nix: 'builtins.fetchurl { url = "https://example.com/a.txt"; sha256 = "0ssi1wpaf7plaswqqjwigppsg5fyh99vdlb9kzl7c9lng89ndq1i"; }',
      gives: '"/nix/store/yk6l1ra7a9snlfz5f87b33rmw4y9mzc6-a.txt"',
    },
    { nix: 'builtins.fetchurl { name = "x"; }', fails: "'url' argument required" },
  ],
  impure: true,
  *step(rt, arg) {
    return (yield fetch(rt, "fetchurl", arg)) as Value
  },
})

const fetchTarball = builtin({
  name: "fetchTarball",
  global: true,
  args: [["args", "lazy"]],
  doc: `Downloads and unpacks an archive and returns the path of the tree in the store. The argument is a URL, or a set
\`{ url; name?; sha256?; }\`. With \`sha256\` the path is known without a download; downloading is not supported yet.`,
  see: "primops/fetchTree.cc prim_fetchTarball",
  examples: [
    {
      nix: 'fetchTarball { url = "https://example.com/a.tar.gz"; sha256 = "0ssi1wpaf7plaswqqjwigppsg5fyh99vdlb9kzl7c9lng89ndq1i"; }',
      gives: '"/nix/store/papfr17cn4bjqakdv0b52xfz4pqzwdcd-source"',
    },
    { nix: "fetchTarball 1", fails: "expected a string but found an integer: 1" },
  ],
  impure: true,
  *step(rt, arg) {
    return (yield fetch(rt, "fetchTarball", arg)) as Value
  },
})

const fetchTree = builtin({
  name: "fetchTree",
  global: true,
  args: [["input", "lazy"]],
  doc: "Fetches a source tree of any kind. Its arguments are checked; fetching is not supported yet.",
  see: "primops/fetchTree.cc prim_fetchTree",
  examples: [
    { nix: "builtins.fetchTree { }", fails: "argument 'type' is missing in call to 'fetchTree'", features: ["fetch-tree"] },
    {
      nix: 'builtins.fetchTree { type = "file"; n = -1; }',
      fails: "negative value given for 'fetchTree' argument 'n': -1",
      features: ["fetch-tree"],
    },
  ],
  impure: true,
  feature: "fetch-tree",
  *step(rt, arg) {
    const v = (yield need(arg, 0)) as Value
    if (v instanceof Attrs) {
      const type = v.get("type")
      if (type === undefined) throw new NixError("eval", "argument 'type' is missing in call to 'fetchTree'", 0)
      yield stepKind(rt, type, "plain", v.posOf("type"), "while evaluating the `type` argument passed to 'fetchTree'")
      for (const key of v.symbolNames(rt.symbols)) {
        if (key === "type") continue
        const value = (yield need(v.get(key) as Cell, v.posOf(key))) as Value
        if ((typeof value === "number" || typeof value === "bigint") && value < 0)
          throw new NixError("eval", `negative value given for 'fetchTree' argument '${key}': ${value}`, 0)
        const known = typeof value === "string" || value instanceof NixString || value instanceof NixPath
        if (!known && typeof value !== "boolean" && typeof value !== "number" && typeof value !== "bigint")
          throw new NixError(
            "type",
            `argument '${key}' to 'fetchTree' is ${showType(value)} while a string, Boolean or integer is expected`,
            0,
          )
      }
      if (v.has("name")) throw new NixError("eval", "argument 'name' isn\xe2\x80\x99t supported in call to 'fetchTree'", 0)
    } else {
      const url = ((yield stepCoerce(rt, v, 0, "while evaluating the first argument passed to 'fetchTree'", asText)) as Text).text
      if (!rt.feature("flakes"))
        throw new NixError("eval", "passing a string argument to 'fetchTree' requires the 'flakes' experimental feature", 0)
      if (/^(tarball\+)?file:(?!\/)/.test(url))
        throw new NixError(
          "error",
          `tarball '${url}' must use an absolute path. The 'file' scheme does not support relative paths.`,
          0,
        ).frame(0, `while fetching the input '${url}'`)
    }
    throw new NixError("not-yet", "'builtins.fetchTree' is not supported yet", 0)
  },
})

export const fetchers: readonly PrimOp[] = [fetchurl, fetchTarball, fetchTree]
