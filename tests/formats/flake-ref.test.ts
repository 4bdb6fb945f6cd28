// Flake references and URLs.
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { FormatError } from "../../engine/formats/error.ts"
import {
  flakeRefFromAttrs,
  flakeRefToAttrs,
  parseFlakeRef,
  parseFlakeRefWithFragment,
  printFlakeRef,
} from "../../engine/formats/flake/flake-ref.ts"
import { isLegalRefName } from "../../engine/formats/flake/ref-name.ts"
import { parseGitUrl } from "../../engine/formats/url/git-url.ts"
import { parseUrl, pathToSegments, percentDecode, percentEncode, printUrl, segmentsToPath } from "../../engine/formats/url/url.ts"
import { describeShared } from "../shared.ts"

interface Case {
  readonly url: string
  readonly attrs?: Record<string, string>
  readonly attrsSubset?: Record<string, string>
  readonly toString?: string
  readonly throws?: string
  readonly withFragment?: boolean
  readonly fragment?: string
}

describeShared("the vectors of C++ Nix's flake reference tests", "conformance/unit-vectors/flakeref.json", (file) => {
  for (const c of JSON.parse(readFileSync(file, "utf8")) as Case[]) {
    test(`${c.url}${c.withFragment ? " with its fragment" : ""}`, () => {
      if (c.throws !== undefined) {
        expect(() => parseFlakeRef(c.url)).toThrow(FormatError)
        return
      }
      const [ref, fragment] = c.withFragment ? parseFlakeRefWithFragment(c.url) : [parseFlakeRef(c.url), ""]
      expect(fragment).toBe(c.fragment ?? "")
      expect(printFlakeRef(ref)).toBe(c.toString)
      const attrs = Object.fromEntries(flakeRefToAttrs(ref))
      if (c.attrs !== undefined) expect(attrs).toEqual(c.attrs)
      if (c.attrsSubset !== undefined) expect(attrs).toMatchObject(c.attrsSubset)
      expect(printFlakeRef(flakeRefFromAttrs(flakeRefToAttrs(ref)))).toBe(c.toString)
    })
  }
})

describe("flake references", () => {
  const show = (text: string) => printFlakeRef(parseFlakeRef(text))
  const rev = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"

  test("each kind of input", () => {
    const cases: [string, string][] = [
      [`github:a/b/${rev}`, `github:a/b/${rev}`],
      ["sourcehut:~a/b", "sourcehut:~a/b"],
      ["gitlab:a/b?host=git.example.org", "gitlab:a/b?host=git.example.org"],
      ["git+ssh://git@example.org/a?ref=x&shallow=1", "git+ssh://git@example.org/a?ref=x&shallow=1"],
      ["hg+https://example.org/a?ref=x", "hg+https://example.org/a?ref=x"],
      [
        "https://example.org/a.tar.gz?narHash=sha256-47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D",
        "https://example.org/a.tar.gz?narHash=sha256-47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D",
      ],
      ["file+https://example.org/a", "https://example.org/a"],
      ["path:/a/b?dir=c", "path:/a/b?dir=c"],
    ]
    for (const [text, want] of cases) expect(show(text), text).toBe(want)
  })

  test("what is refused, in Nix's words", () => {
    const cases: [string, string][] = [
      ["./a", "flake reference './a' is not an absolute path"],
      ["a:b", "input 'a:b' is unsupported"],
      ["file+git:/a", "input 'file+git:/a' is unsupported; did you mean 'git+file' instead of 'file+git'?"],
      ["path:/a?x=1", "path URL 'path:/a?x=1' has unsupported parameter 'x'"],
      ["nixpkgs#a", "unexpected fragment 'a' in flake reference 'nixpkgs#a'"],
    ]
    for (const [text, want] of cases) expect(() => parseFlakeRef(text), text).toThrow(want)
    expect(() => flakeRefFromAttrs(new Map([["type", "github"]]))).toThrow("input attribute 'owner' is missing")
    expect(() =>
      flakeRefFromAttrs(
        new Map([
          ["type", "path"],
          ["path", "/a"],
          ["x", "1"],
        ]),
      ),
    ).toThrow("input attribute 'x' not supported by scheme 'path'")
  })
})

describe("URLs", () => {
  test("are taken apart and put together again", () => {
    const cases: [string, string][] = [
      ["http://user:pa%20ss@h:80/a%2Fb/c?x=%26&y=z#f%23", "http://user:pa%20ss@h:80/a%2Fb/c?x=%26&y=z#f%23"],
      ["http://[::1]:8080/", "http://[::1]:8080/"],
      ["http://h", "http://h"],
      ["file:///a", "file:///a"],
      ["mailto:a@b", "mailto:a@b"],
      ["http://h/?b=2&a=1&b=3", "http://h/?a=1&b=2"],
      ["http://h/+", "http://h/%2B"],
    ]
    for (const [text, want] of cases) expect(printUrl(parseUrl(text)), text).toBe(want)
  })

  test("what is none", () => {
    for (const text of ["", "a", "/a", "http://h/ ", "http://h/%zz", "http://h:0/", "http://h:99999/", "file://h/a", "http://[x]/"])
      expect(() => parseUrl(text), text).toThrow(FormatError)
    expect(parseUrl('http://h/?a=b c#"', true).query.get("a")).toBe("b c")
  })

  test("percent signs", () => {
    for (let i = 0; i < 256; i++) {
      const c = String.fromCharCode(i)
      expect(percentDecode(percentEncode(c))).toBe(c)
    }
  })

  test("paths of files", () => {
    expect(pathToSegments("/foo/bar/baz")).toEqual(["", "foo", "bar", "baz"])
    expect(pathToSegments("/")).toEqual(["", ""])
    for (const path of ["/", "/a", "/a/b", "a/b"]) expect(segmentsToPath(pathToSegments(path))).toBe(path)
    expect(() => segmentsToPath(["", "a/b"])).toThrow(FormatError)
  })

  test("what Git takes for a URL", () => {
    const cases: [string, string][] = [
      ["/a/b", "file:///a/b"],
      ["git@github.com:a/b.git", "ssh://git@github.com/a/b.git"],
      ["host:/a", "ssh://host/a"],
      ["user@[::1]:a", "ssh://user@[::1]/a"],
      ["git+https://h/a", "https://h/a"],
      ["file:/a", "file:/a"],
    ]
    for (const [text, want] of cases) expect(printUrl(parseGitUrl(text)), text).toBe(want)
    expect(() => parseGitUrl("host:")).toThrow("SCP-style Git URL 'host:' has an empty path")
  })

  test("names of branches", () => {
    for (const name of ["main", "a/b", "v1.0", "HEAD", "feature@x", "#1"]) expect(isLegalRefName(name), name).toBe(true)
    for (const name of ["", "@", "a..b", "a b", "a/", "/a", "a.lock", ".a", "a~", "a.", "a@{b", "-a", "a\x7f"])
      expect(isLegalRefName(name), name).toBe(false)
  })
})
