// Flake references: an input and the directory in it that holds the flake.
//
//   REF   ID [ "/" REF-OR-REV ] [ "/" REV ] [ "#" FRAGMENT ]      short for flake:…
//       | URL of an input, with the parameter `dir`
//       | PATH [ "?" QUERY ] [ "#" FRAGMENT ]                     short for path:…
//
// C++ Nix: libflake/flakeref.cc, without what looks at the file system (relative paths, searching for flake.nix).

import { FormatError, fail } from "../error.ts"
import { emptyAuthority, parseQuery, parseUrl, pathToSegments, percentDecode, printUrl, sortedQuery, type Url } from "../url/url.ts"
import { type InputAttr, type InputAttrs, type InputOptions, inputFromAttrs, inputFromUrl, inputToUrl } from "./input.ts"

export interface FlakeRef {
  readonly input: InputAttrs
  /** "" for the root of the tree. */
  readonly dir: string
}

const rev = "[0-9a-fA-F]{40}"
const ref = "[a-zA-Z0-9@][a-zA-Z0-9_.\\/@+-]*"
const fragment = `(?:[a-zA-Z0-9-._~]|%[0-9a-fA-F][0-9a-fA-F]|[!$&'"()*+,;=]|[:@]|[/? "^])*`
const idForm = new RegExp(`^([a-zA-Z][a-zA-Z0-9_-]*(?:/(?:${rev}|${ref}(?:/${rev})?))?)(?:#(${fragment}))?$`)

type WithFragment = readonly [FlakeRef, fragment: string]

function fromUrl(url: Url, options: InputOptions): WithFragment {
  const query = new Map(url.query)
  const dir = query.get("dir") ?? ""
  query.delete("dir")
  return [{ input: inputFromUrl({ ...url, query, fragment: "" }, true, options), dir }, url.fragment]
}

function parsePath(text: string, options: InputOptions): WithFragment {
  const match = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(text)
  if (match === null) return fail("bad-flake-reference", `invalid flakeref '${text}'`)
  const [, path = "", query = "", end = ""] = match
  const params = parseQuery(query, options.warn)
  const fragmentText = percentDecode(end)
  if (!path.startsWith("/")) fail("bad-url", `flake reference '${text}' is not an absolute path`)
  const url = { scheme: "path", authority: emptyAuthority, path: pathToSegments(path), query: params, fragment: fragmentText }
  return fromUrl(url, options)
}

/** A flake reference and what follows `#` in it. Fails with codes `bad-url` and `bad-flake-reference`. */
export function parseFlakeRefWithFragment(text: string, options: InputOptions = {}): WithFragment {
  const id = idForm.exec(text)
  if (id !== null) {
    const url = { scheme: "flake", authority: null, path: (id[1] as string).split("/"), query: new Map(), fragment: "" }
    return [{ input: inputFromUrl(url, true, options), dir: "" }, percentDecode(id[2] ?? "")]
  }
  try {
    return fromUrl(parseUrl(text, true, options.warn), options)
  } catch (e) {
    // What is no good URL is tried as a path.
    if (!(e instanceof FormatError) || e.code !== "bad-url") throw e
  }
  return parsePath(text, options)
}

/** A flake reference without a fragment. */
export function parseFlakeRef(text: string, options: InputOptions = {}): FlakeRef {
  const [flakeRef, end] = parseFlakeRefWithFragment(text, options)
  if (end !== "") fail("bad-flake-reference", `unexpected fragment '${end}' in flake reference '${text}'`)
  return flakeRef
}

/** A flake reference from its attributes. */
export function flakeRefFromAttrs(attrs: InputAttrs, options: InputOptions = {}): FlakeRef {
  const input = new Map(attrs)
  input.delete("dir")
  const checked = inputFromAttrs(input, options)
  const dir = attrs.get("dir") ?? ""
  if (typeof dir !== "string") return fail("bad-flake-reference", "input attribute 'dir' is not a string")
  return { input: checked, dir }
}

/** The attributes of a flake reference, sorted. */
export function flakeRefToAttrs(flakeRef: FlakeRef): InputAttrs {
  const attrs = new Map<string, InputAttr>(flakeRef.input)
  if (flakeRef.dir !== "" && !attrs.has("dir")) attrs.set("dir", flakeRef.dir)
  return new Map([...attrs].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A flake reference as a URL. */
export function printFlakeRef(flakeRef: FlakeRef): string {
  const url = inputToUrl(flakeRef.input)
  if (flakeRef.dir === "" || url.query.has("dir")) return printUrl(url)
  return printUrl({ ...url, query: sortedQuery([...url.query, ["dir", flakeRef.dir]]) })
}
