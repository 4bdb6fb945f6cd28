// Builtins that fetch: their arguments are read and checked here, fetching itself is the host's.

import { FormatError } from "../../formats/error.ts"
import { type InputAttr, type InputAttrs, type InputOptions, inputFromAttrs, inputFromUrl, inputToUrl } from "../../formats/flake/input.ts"
import { printBase16 } from "../../formats/hash/base16.ts"
import { type Hash, parseHash, parseHashAllowEmpty } from "../../formats/hash/hash.ts"
import { makeFixedOutputPath } from "../../formats/store-path/compute.ts"
import { nameFault } from "../../formats/store-path/name.ts"
import { printStorePath } from "../../formats/store-path/store-path.ts"
import { parseGitUrl } from "../../formats/url/git-url.ts"
import { parseUrl, printUrl, segmentsToPath, splitScheme } from "../../formats/url/url.ts"
import { checkAccess } from "../access.ts"
import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { asText, stepCoerce } from "../coerce.ts"
import { NixError } from "../error.ts"
import { framed } from "../force.ts"
import { reading } from "../format-fault.ts"
import type { FetchedTree } from "../host.ts"
import { canonPath } from "../path.ts"
import type { Runtime } from "../runtime.ts"
import { resolvePseudoUrl } from "../search-path.ts"
import { showType } from "../show-type.ts"
import { need, type Step } from "../step.ts"
import { stepKind } from "../step-kind.ts"
import { printAttrName } from "../text/escape.ts"
import { stepToJson } from "../to-json.ts"
import { type Cell, NixPath, NixString, type Value } from "../value.ts"

function options(rt: Runtime): InputOptions {
  return { features: rt.settings.features, warn: (message) => rt.host.log(`warning: ${message}`) }
}

/** Whether an address is a prefix of the setting, below one, or of a scheme that is one. C++ Nix: isAllowedURI */
function isAllowedAddress(url: string, prefixes: readonly string[]): boolean {
  return prefixes.some(
    (prefix) =>
      url === prefix ||
      (prefix !== "" &&
        url.startsWith(prefix) &&
        (prefix.endsWith("/") || url[prefix.length] === "/" || /^[a-z][a-z0-9+.-]*:$/i.test(prefix))),
  )
}

/** In restricted mode only some addresses may be asked, and files that may be read. C++ Nix: EvalState::checkURI */
function checkAddress(rt: Runtime, url: string): void {
  if (!rt.settings.restrictEval || isAllowedAddress(url, rt.settings.allowedUris)) return
  const path = url.startsWith("/") ? canonPath(url) : localPath(url)
  if (path === null) throw new NixError("restricted", `access to URI '${url}' is forbidden in restricted mode`, 0)
  checkAccess(rt, path)
}

/** The path in a `file:` address; null for other addresses. */
function localPath(url: string): string | null {
  try {
    const { scheme, path } = parseUrl(url)
    return scheme === "file" ? canonPath(segmentsToPath(path)) : null
  } catch (e) {
    if (e instanceof FormatError) return null
    throw e
  }
}

/** A fetched store path as a string that refers to it. */
function fetched(rt: Runtime, path: string): NixString {
  rt.allowedPaths.add(path)
  return new NixString(path, [rt.contexts.opaque(path)])
}

/** What fetchurl and fetchTarball are asked for. */
interface Download {
  readonly url: string
  readonly name: string
  readonly sha256: Hash | null
}

/** C++ Nix: baseNameOf of file-system.cc; slashes at the end do not count. */
function lastPart(url: string): string {
  const trimmed = url.replace(/(?<=.)\/+$/s, "")
  return trimmed.slice(trimmed.lastIndexOf("/") + 1)
}

function checkName(who: string, url: string, name: string, given: "name" | "set" | "url"): void {
  const fault = nameFault(name)
  if (fault === undefined) return
  const advice = {
    name: `Please change the value for the 'name' attribute passed to '${who}', so that it can create a valid store path.`,
    set: `Please add a valid 'name' attribute to the argument for '${who}', so that it can create a valid store path.`,
    url: `Please pass an attribute set with 'url' and 'name' attributes to '${who}',  so that it can create a valid store path.`,
  }
  throw new NixError("eval", `invalid store path name when fetching URL '${url}': ${fault}. ${advice[given]}`, 0)
}

/** Reads the argument of fetchurl or fetchTarball. C++ Nix: primops/fetchTree.cc fetch. */
function* stepDownload(rt: Runtime, who: string, v: Value, defaultName: string): Step<Download> {
  const urlFrame = "while evaluating the url we should fetch"
  let url: string | undefined
  let name = defaultName
  let sha256: Hash | null = null
  let given: "name" | "set" | "url" = "url"
  if (v instanceof Attrs) {
    given = "set"
    for (const attr of v.symbolNames(rt.symbols)) {
      const cell = v.get(attr) as Cell
      const at = v.posOf(attr)
      if (attr === "url") url = (yield stepKind(rt, cell, "plain", at, urlFrame)) as string
      else if (attr === "sha256") {
        const text = (yield stepKind(rt, cell, "plain", at, "while evaluating the sha256 of the content we should fetch")) as string
        sha256 = reading(() => parseHashAllowEmpty(text, "sha256", (m) => rt.host.log(`warning: ${m}`), rt.settings.features))
      } else if (attr === "name") {
        given = "name"
        name = (yield stepKind(rt, cell, "plain", at, "while evaluating the name of the content we should fetch")) as string
      } else throw new NixError("eval", `unsupported argument '${attr}' to '${who}'`, 0)
    }
    if (url === undefined) throw new NixError("eval", "'url' argument required", 0)
  } else url = (yield stepKind(rt, v, "plain", 0, urlFrame)) as string
  if (who === "fetchTarball") url = resolvePseudoUrl(url)
  checkAddress(rt, url)
  if (name === "") name = lastPart(url)
  checkName(who, url, name, given)
  if (rt.settings.pureEval && sha256 === null)
    throw new NixError("eval", `in pure evaluation mode, '${who}' requires a 'sha256' argument`, 0)
  return { url, name, sha256 }
}

/**
 * Downloads, unless what is expected is in the store already. Where nothing can be downloaded, a known hash
 * still tells the store path, and so the derivations that use it.
 */
function download(rt: Runtime, { url, name, sha256 }: Download, unpack: boolean): Value {
  const { host } = rt
  if (sha256 !== null) {
    const address = { method: unpack ? ("nar" as const) : ("flat" as const), hash: sha256 }
    const expected = printStorePath(
      reading(() => makeFixedOutputPath(name, address, undefined, host.storeDir)),
      host.storeDir,
    )
    const isThere = host.isValidPath?.(expected) ?? host.lstat(expected) !== null
    if (host.download === undefined || isThere) return fetched(rt, expected)
  }
  if (host.download === undefined)
    throw new NixError("error", `unable to download '${url}': there is no network here; with a 'sha256' its store path is known`, 0)
  const hash = sha256 === null ? {} : { sha256: printBase16(sha256.bytes) }
  if (unpack) checkTarball(url)
  return fetched(rt, host.download({ url, name, unpack, ...hash }))
}

const fetchurl = builtin({
  name: "fetchurl",
  args: [["arg", "any"]],
  doc: "Downloads a file and returns its path in the store. `arg` is the URL, or a set of `url`, `name` (else the last part of the URL is taken) and `sha256`.",
  see: "primops/fetchTree.cc prim_fetchurl",
  examples: [
    {
      nix: 'builtins.fetchurl { url = "https://example.com/a.txt"; sha256 = "0ssi1wpaf7plaswqqjwigppsg5fyh99vdlb9kzl7c9lng89ndq1i"; }',
      gives: '"/nix/store/yk6l1ra7a9snlfz5f87b33rmw4y9mzc6-a.txt"',
    },
    { nix: "builtins.fetchurl { }", fails: "'url' argument required" },
    { nix: 'builtins.fetchurl { url = "a"; x = 1; }', fails: "unsupported argument 'x' to 'fetchurl'" },
  ],
  impure: true,
  *step(rt, v) {
    return download(rt, (yield stepDownload(rt, "fetchurl", v, "")) as Download, false)
  },
})

const fetchTarball = builtin({
  name: "fetchTarball",
  global: true,
  args: [["args", "any"]],
  doc: "Downloads an archive, unpacks it and returns the path of the tree in the store. The argument is the URL, or a set of `url`, `name` and `sha256`; a tree of a single directory becomes that directory.",
  see: "primops/fetchTree.cc prim_fetchTarball",
  examples: [
    {
      nix: 'fetchTarball { url = "https://example.com/a.tar.gz"; sha256 = "0ssi1wpaf7plaswqqjwigppsg5fyh99vdlb9kzl7c9lng89ndq1i"; }',
      gives: '"/nix/store/papfr17cn4bjqakdv0b52xfz4pqzwdcd-source"',
    },
    { nix: "fetchTarball 1", fails: "expected a string but found an integer: 1" },
  ],
  impure: true,
  *step(rt, v) {
    return download(rt, (yield stepDownload(rt, "fetchTarball", v, "source")) as Download, true)
  },
})

/** Reads a set of input attributes. C++ Nix: primops/fetchTree.cc fetchTree. */
function* stepInputAttrs(rt: Runtime, who: "fetchTree" | "fetchGit", set: Attrs): Step<Map<string, InputAttr>> {
  const attrs = new Map<string, InputAttr>()
  const type = set.get("type")
  if (who === "fetchGit") {
    if (type !== undefined) throw new NixError("eval", "unexpected argument 'type'", 0)
    attrs.set("type", "git")
  } else {
    if (type === undefined) throw new NixError("eval", `argument 'type' is missing in call to '${who}'`, 0)
    const frame = `while evaluating the \`type\` argument passed to '${who}'`
    attrs.set("type", (yield stepKind(rt, type, "plain", set.posOf("type"), frame)) as string)
  }
  for (const name of set.symbolNames(rt.symbols)) {
    if (name === "type") continue
    const cell = set.get(name) as Cell
    const at = set.posOf(name)
    const v = (yield need(cell, at)) as Value
    if (v instanceof NixPath || typeof v === "string" || v instanceof NixString) {
      const { text } = (yield stepCoerce(rt, v, at, "", asText)) as Text
      attrs.set(name, who === "fetchGit" && name === "url" ? reading(() => printUrl(parseGitUrl(text, options(rt).warn))) : text)
    } else if (typeof v === "boolean") attrs.set(name, v)
    else if (typeof v === "number" || typeof v === "bigint") {
      if (v < 0) throw new NixError("eval", `negative value given for '${who}' argument '${printAttrName(name)}': ${v}`, 0)
      attrs.set(name, v)
    } else if (name === "publicKeys") attrs.set(name, ((yield stepToJson(rt, v, { strict: true, copy: true })) as Text).text)
    else {
      const shown = `argument '${printAttrName(name)}' to '${who}' is ${showType(v)}`
      throw new NixError("type", `${shown} while a string, Boolean or integer is expected`, 0)
    }
  }
  return attrs
}

/** What C++ Nix adds to a set where nothing is said: fetchGit honours export-ignore, fetchTree clones shallowly. */
function complete(who: "fetchTree" | "fetchGit", attrs: Map<string, InputAttr>): void {
  if (who === "fetchGit" && !attrs.has("exportIgnore") && attrs.get("submodules") !== true) attrs.set("exportIgnore", true)
  if (who === "fetchTree" && attrs.get("type") === "git" && !attrs.has("shallow")) attrs.set("shallow", true)
  if (who === "fetchTree" && attrs.has("name"))
    throw new NixError("eval", `argument 'name' isn\xe2\x80\x99t supported in call to '${who}'`, 0)
}

/** Reads the argument of fetchTree or fetchGit to a checked input. */
function* stepInput(rt: Runtime, who: "fetchTree" | "fetchGit", v: Value): Step<InputAttrs> {
  if (v instanceof Attrs) {
    const attrs = (yield stepInputAttrs(rt, who, v)) as Map<string, InputAttr>
    complete(who, attrs)
    return reading(() => inputFromAttrs(attrs, options(rt)))
  }
  const { text } = (yield stepCoerce(rt, v, 0, `while evaluating the first argument passed to '${who}'`, asText)) as Text
  if (who === "fetchGit") {
    const url = reading(() => printUrl(parseGitUrl(text, options(rt).warn)))
    const attrs = new Map<string, InputAttr>([
      ["type", "git"],
      ["url", url],
      ["exportIgnore", true],
    ])
    return reading(() => inputFromAttrs(attrs, options(rt)))
  }
  if (!rt.feature("flakes"))
    throw new NixError("eval", `passing a string argument to '${who}' requires the 'flakes' experimental feature`, 0)
  return reading(() => inputFromUrl(parseUrl(text, false, options(rt).warn), true, options(rt)))
}

/** True if the input can only ever be one tree. C++ Nix: isLocked of the input schemes. */
function isLocked(input: InputAttrs): boolean {
  switch (input.get("type")) {
    case "git":
    case "hg":
    case "github":
    case "gitlab":
    case "sourcehut":
      return input.has("rev")
    default:
      return input.has("narHash")
  }
}

/** Refuses what pure evaluation must not fetch, and what cannot be fetched at all. */
function checkInput(rt: Runtime, who: string, input: InputAttrs): void {
  const shown = () => reading(() => printUrl(inputToUrl(input)))
  if (rt.settings.pureEval && !isLocked(input)) {
    if (!input.has("narHash")) throw new NixError("eval", `in pure evaluation mode, '${who}' doesn't fetch unlocked input '${shown()}'`, 0)
    rt.host.log(
      `warning: Input '${shown()}' is unlocked (e.g. lacks a Git revision) but is checked by NAR hash. This is not reproducible and will break after garbage collection or when shared.`,
    )
  }
  checkAddress(rt, shown())
  if (input.get("__final") === true) throw new NixError("error", `input '${shown()}' is not allowed to use the '__final' attribute`, 0)
}

/** C++ Nix: tarball.cc downloadTarball_; the address of a local archive must be absolute. */
function checkTarball(url: string): void {
  const { scheme, path } = reading(() => parseUrl(url))
  if (splitScheme(scheme).transport === "file" && path[0] !== "")
    throw new NixError("error", `tarball '${url}' must use an absolute path. The 'file' scheme does not support relative paths.`, 0)
}

function fetchInput(rt: Runtime, who: string, input: InputAttrs): FetchedTree {
  const shown = reading(() => printUrl(inputToUrl(input)))
  try {
    if (input.get("type") === "tarball") checkTarball(String(input.get("url")))
    if (rt.host.fetchTree === undefined)
      throw new NixError("error", `'builtins.${who}' cannot fetch '${shown}': there is no network here`, 0)
    return rt.host.fetchTree(input)
  } catch (e) {
    throw framed(e, 0, `while fetching the input '${shown}'`)
  }
}

const emptyRev = "0".repeat(40)

/** The date of a number of seconds since 1970 in UTC: year to seconds in a row of digits. */
function dateDigits(seconds: number): string {
  const days = Math.floor(seconds / 86400)
  const rest = seconds - days * 86400
  // Days to year, month and day of the Gregorian calendar, in years that begin in March.
  const shifted = days + 719468
  const era = Math.floor(shifted / 146097)
  const dayOfEra = shifted - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const parts = [month, day, Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60]
  return `${year}${parts.map((n) => String(n).padStart(2, "0")).join("")}`
}

/** The set that describes a fetched tree. C++ Nix: emitTreeAttrs. */
function treeValue(rt: Runtime, { storePath, attrs }: FetchedTree, git: boolean, pos: number): Value {
  const out = new Map<string, Cell>([["outPath", fetched(rt, storePath)]])
  const copy = (name: string) => {
    const value = attrs.get(name)
    if (value !== undefined) out.set(name, value)
  }
  copy("narHash")
  if (attrs.get("type") === "git") out.set("submodules", attrs.get("submodules") === true)
  const rev = attrs.get("rev")
  const hex =
    typeof rev === "string" ? printBase16(parseHash(rev, rev.includes(":") ? undefined : "sha1").bytes) : git ? emptyRev : undefined
  if (hex !== undefined) out.set("rev", hex).set("shortRev", hex.slice(0, 7))
  if (git) out.set("revCount", 0)
  copy("revCount")
  copy("dirtyRev")
  copy("dirtyShortRev")
  const lastModified = attrs.get("lastModified")
  if (lastModified !== undefined) out.set("lastModified", lastModified).set("lastModifiedDate", dateDigits(Number(lastModified)))
  return Attrs.ofMap(out, new Map([...out.keys()].map((name) => [name, pos])))
}

const fetchTree = builtin({
  name: "fetchTree",
  global: true,
  args: [["input", "any"]],
  doc: "Fetches a source tree and returns a set with its `outPath` and what is known about it. The argument is a set with a `type` (`git`, `github`, `tarball`, `file`, `path`, …) and what that type needs, or a URL.",
  see: "primops/fetchTree.cc prim_fetchTree",
  feature: "fetch-tree",
  examples: [
    { nix: "fetchTree { }", fails: "argument 'type' is missing in call to 'fetchTree'" },
    { nix: 'fetchTree { type = "github"; }', fails: "input attribute 'owner' is missing" },
  ],
  impure: true,
  *step(rt, v, pos) {
    const input = (yield stepInput(rt, "fetchTree", v)) as InputAttrs
    checkInput(rt, "fetchTree", input)
    return treeValue(rt, fetchInput(rt, "fetchTree", input), false, pos)
  },
})

const fetchGit = builtin({
  name: "fetchGit",
  global: true,
  args: [["args", "any"]],
  doc: "Fetches a Git repository and returns a set with its `outPath`, `rev`, `shortRev` and more. The argument is a URL or a path, or a set of `url`, `ref`, `rev`, `submodules`, `shallow`, `allRefs` and others.",
  see: "primops/fetchTree.cc prim_fetchGit",
  examples: [{ nix: 'fetchGit { type = "git"; }', fails: "unexpected argument 'type'" }],
  impure: true,
  *step(rt, v, pos) {
    const input = (yield stepInput(rt, "fetchGit", v)) as InputAttrs
    checkInput(rt, "fetchGit", input)
    return treeValue(rt, fetchInput(rt, "fetchGit", input), true, pos)
  },
})

export const fetchers: readonly PrimOp[] = [fetchurl, fetchTarball, fetchTree, fetchGit]
