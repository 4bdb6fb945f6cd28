// Links: there and back, old ones for ever, damaged ones with a clear word.

import fc from "fast-check"
import { deflateSync } from "fflate"
import { expect, test } from "vitest"
import { decodeLink, encodeLink, LinkError } from "../../app/link/codec.ts"
import { readEnvelope, type Shared, writeEnvelope } from "../../app/link/envelope.ts"
import { askedBy } from "../../app/share/page-address.ts"
import { bundleLink, describeSource } from "../../app/share/source-text.ts"

const sample: Shared = {
  files: { "main.nix": 'import ./lib/a.nix + "é😀"\n', "lib/a.nix": "1", "empty.nix": "", "-- odd -- name": "-- main.nix --\n\\-- x --\n" },
  settings: { entry: "main.nix", system: "aarch64-linux" },
}

test("what is shared comes back as it was, line ends and all", () => {
  expect(readEnvelope(writeEnvelope(sample))).toEqual(sample)
  expect(decodeLink(encodeLink(sample))).toEqual(sample)
})

test("any files and settings come back", () => {
  const name = fc.stringMatching(/^[a-z]{1,5}(\/[a-z]{1,5}){0,2}$/)
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.array(fc.constantFrom("a", "-- b --", "\\-- b -/", "", "\n", "\r\n")).map((parts) => parts.join("\n")),
  )
  const files = fc.dictionary(name, text, { minKeys: 1, noNullPrototype: true })
  const settings = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.string({ unit: "grapheme" }), { noNullPrototype: true })
  fc.assert(
    fc.property(files, settings, (files, settings) => {
      const shared = { files, settings }
      expect(decodeLink(encodeLink(shared))).toEqual(shared)
    }),
    { numRuns: 200, seed: 1 },
  )
})

test("links made earlier open as they did", () => {
  // Never changed: somebody has them in a chat or a book.
  expect(decodeLink("#1.G0CrAQ")?.files["main.nix"]).toMatch(/^derivation \{\n {2}name = "hello";/)
  expect(decodeLink("#1.AzYuiiptcxMz8_SA8aoGscc2MbEoOQNmC5euLjAWIQoUdHW5oOlATx-YXPQTwaLaCkqHV36YP6NBCaQYIa6rz2UIEknNLSiphOkHAA")).toEqual({
    files: { "main.nix": 'import ./lib/a.nix + "é😀"\n', "lib/a.nix": "1", "empty.nix": "" },
    settings: { entry: "main.nix", system: "aarch64-linux" },
  })
  expect(decodeLink("#code=1%20%2B%201")).toEqual({ files: { "main.nix": "1 + 1" }, settings: {} })
})

test("what is short stays readable, what is long gets short", () => {
  expect(encodeLink({ files: { "main.nix": "1 + 1" }, settings: {} })).toBe("#code=1%20%2B%201")
  const text =
    'derivation {\n  name = "hello";\n  system = "x86_64-linux";\n  builder = "/bin/sh";\n  args = [ "-c" "echo hello > $out" ];\n}\n'
  const link = encodeLink({ files: { "main.nix": text }, settings: {} })
  expect(link.length).toBeLessThan(40)
  expect(decodeLink(link)).toEqual({ files: { "main.nix": text }, settings: {} })
})

test("other fragments are none of ours", () => {
  expect(decodeLink("")).toBeNull()
  expect(decodeLink("#lesson-1")).toBeNull()
  expect(decodeLink("#builtins.map")).toBeNull()
})

test("a broken link ends in a sentence, wherever it is broken", () => {
  const whole = encodeLink(sample)
  for (let at = 3; at < whole.length - 1; at++) {
    let found: Shared | null = null
    try {
      found = decodeLink(whole.slice(0, at))
    } catch (e) {
      expect(e).toBeInstanceOf(LinkError)
      continue
    }
    expect(found).not.toEqual(sample)
  }
  expect(() => decodeLink("#1.%%%")).toThrow(LinkError)
  expect(() => decodeLink("#code=%E0%A4%A")).toThrow(LinkError)
  expect(() => decodeLink("#9.abc")).toThrow(/version 9, which is later/)
})

test("a bomb is noticed before it is unpacked", () => {
  const bomb = Buffer.from(deflateSync(new Uint8Array(200 * 2 ** 20), { level: 9 })).toString("base64url")
  expect(() => decodeLink(`#1.${bomb}`)).toThrow("this link is too large")
})

test("paths that leave the workspace are refused", () => {
  for (const path of ["../a", "/etc/passwd", "a//b", "a/./b", "a\u0001b"]) {
    expect(() => decodeLink(encodeLink({ files: { "main.nix": "1", [path]: "2" }, settings: {} })), path).toThrow(LinkError)
  }
})

test("a bundle's address names a digest and a gateway, and nothing else passes for one", async () => {
  const root = "0123456789abcdef".repeat(4)
  const source = { kind: "bundle", root, url: "https://gateway.example/some/place" } as const
  expect(await askedBy({ search: "", hash: bundleLink(root, `${source.url}/`) })).toEqual({ kind: "source", source })
  expect(describeSource(source)).toBe("the bundle 0123456789ab… from the gateway https://gateway.example/some/place")
  expect(await askedBy({ search: "", hash: bundleLink(root, "http://127.0.0.1:8484") })).toMatchObject({ kind: "source" })
  for (const [digest, url] of [
    [root, "http://gateway.example"],
    [root, "https://name:word@gateway.example"],
    [root, "https://gateway.example/?x"],
    [root, "javascript:alert(1)"],
    [root, "http://localhost.example"],
    [root, ""],
    [root.slice(1), source.url],
    [`${root.slice(1)}G`, source.url],
    ["../../blobs", source.url],
  ] as const)
    expect(await askedBy({ search: "", hash: bundleLink(digest, url) }), url).toMatchObject({ kind: "wrong" })
})
