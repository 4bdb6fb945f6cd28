// Store references, machines, nix.conf, log lines, names from URLs, and what exportReferencesGraph writes.
import { readdirSync, readFileSync } from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import { completeStoreReference, parseMachines } from "../../engine/formats/config/machines.ts"
import { applyConfig, parseConfig, parseConfigLines } from "../../engine/formats/config/nix-conf.ts"
import { parseStoreReference, printStoreReference } from "../../engine/formats/config/store-reference.ts"
import { FormatError } from "../../engine/formats/error.ts"
import { commitKeyFromJson, commitKeyToJson } from "../../engine/formats/flake/public-key.ts"
import { nameFromUrl } from "../../engine/formats/flake/url-name.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { hashBytes } from "../../engine/formats/hash/hash.ts"
import { parseJson } from "../../engine/formats/json/read.ts"
import { parseLogLine, printLogLine } from "../../engine/formats/log/internal-json.ts"
import type { PathInfo } from "../../engine/formats/narinfo/path-info.ts"
import {
  closureOf,
  exportReferencesJson,
  exportReferencesText,
  parseRegistration,
  printRegistration,
} from "../../engine/formats/narinfo/references-graph.ts"
import { parseBaseName } from "../../engine/formats/store-path/store-path.ts"
import { parseUrl } from "../../engine/formats/url/url.ts"
import { describeShared } from "../shared.ts"

beforeAll(initHashes)

const ipv6 = "fea5:23e1:3916:fc24:cb52:2837:2ecb:ea8e"
const params = { a: "b", c: "d" }

describeShared("store references of Nix's tests", "conformance/store-reference", (folder) => {
  // Per file: what it means (a word, or scheme and authority), its parameters, and whether printing gives the same text.
  const wanted: Record<string, [string | [string, string], Record<string, string>, "same"?] | null> = {
    auto: ["auto", {}, "same"],
    auto_param: ["auto", { root: "/foo/bar/baz" }, "same"],
    daemon_shorthand: ["daemon", {}, "same"],
    local_1: [["local", ""], { root: "/foo/bar/baz" }, "same"],
    local_2: [["local", "/foo/bar/baz"], { trusted: "true" }, "same"],
    local_3: [["local", ""], { root: "/foo bar/baz" }, "same"],
    local_3_no_percent: [["local", ""], { root: "/foo bar/baz" }],
    local_shorthand_1: [["local", ""], { root: "/foo/bar/baz" }],
    local_shorthand_3: ["local", {}, "same"],
    local_shorthand_path_unix: [["local", "/foo/bar/baz"], { trusted: "true" }],
    local_shorthand_path_windows: null,
    ssh: [["ssh", "localhost"], {}, "same"],
    ssh_unbracketed_ipv6_1: [["ssh", "[::1]"], {}],
    ssh_unbracketed_ipv6_2: [["ssh", `userinfo@[${ipv6}]`], {}],
    ssh_unbracketed_ipv6_3: [["ssh", `userinfo@[${ipv6}]`], params],
    ssh_unbracketed_ipv6_4: [["ssh", `userinfo@[${ipv6}%25eth0]`], params],
    ssh_unbracketed_ipv6_5: [["ssh", `userinfo@[${ipv6}%25eth0]`], params, "same"],
    ssh_unbracketed_ipv6_6: [["ssh", `userinfo@[${ipv6}%2525]`], params],
    ssh_unbracketed_ipv6_7: [["ssh", `userinfo@[${ipv6}%25eth0]`], params],
    ssh_unbracketed_ipv6_8: [["ssh", `[${ipv6}%25eth0]`], params],
    ssh_unbracketed_ipv6_9: [["ssh", `[${ipv6}%25eth0]`], {}],
    unix: [["unix", ""], { "max-connections": "7", trusted: "true" }, "same"],
    unix_shorthand: [["unix", ""], { "max-connections": "7", trusted: "true" }],
  }

  test("mean what Nix takes them for", () => {
    const files = readdirSync(folder).map((file) => file.slice(0, -4))
    expect(files.sort()).toEqual(Object.keys(wanted).sort())
    for (const [file, want] of Object.entries(wanted)) {
      const text = readFileSync(`${folder}/${file}.txt`, "latin1")
      if (want === null) {
        expect(() => parseStoreReference(text)).toThrow(`Cannot parse Nix store '${text}'`)
        continue
      }
      const [store, query, same] = want
      const read = parseStoreReference(text)
      expect(read.store, file).toEqual(
        typeof store === "string" ? { kind: store } : { kind: "specified", scheme: store[0], authority: store[1] },
      )
      expect(Object.fromEntries(read.params), file).toEqual(query)
      if (same) expect(printStoreReference(read)).toBe(text)
      expect(parseStoreReference(printStoreReference(read)), file).toEqual(read)
    }
    for (const bad of ["foo", "./x", "ssh://:1::2::"]) expect(() => parseStoreReference(bad), bad).toThrow("Cannot parse Nix store")
  })
})

describeShared("machines of Nix's tests", "conformance/machines", (folder) => {
  const read = (file: string) => readFileSync(`${folder}/${file}`, "latin1")

  test("are read, or refused", () => {
    const machines = parseMachines(read("valid"), ["x"])
    expect(machines.map(({ store, systems, maxJobs, speedFactor }) => [printStoreReference(store), systems, maxJobs, speedFactor])).toEqual(
      [
        ["ssh://nix@scratchy.labs.cs.uu.nl", ["i686-linux"], 8, 1],
        ["ssh://nix@itchy.labs.cs.uu.nl", ["i686-linux"], 8, 2],
        ["ssh://nix@poochie.labs.cs.uu.nl", ["i686-linux"], 1, 2],
      ],
    )
    expect(machines[2]!.mandatoryFeatures).toEqual(["benchmark"])
    expect(machines[2]!.sshPublicHostKey).toMatch(/^c3NoLXJz/)
    expect(() => parseMachines(read("bad_format"), ["x"])).toThrow(
      "bad machine specification: failed to convert column #3 in a row: 'nix@scratchy.labs.cs.uu.nl - - eight' to 'unsigned int'",
    )
  })

  test("may be in other files", () => {
    const files: Record<string, string> = { "/m": "a # one\n; b ;@/missing", "/loop": "@/loop" }
    expect(
      parseMachines(" @ /m ; ssh-ng://c ? - ", ["y", "x"], (path) => files[path.trim()]).map(({ store, systems }) => [
        printStoreReference(store),
        systems,
      ]),
    ).toEqual([
      ["ssh://a", ["x", "y"]],
      ["ssh://b", ["x", "y"]],
      ["ssh-ng://c", ["?"]],
    ])
    expect(() => parseMachines("@/loop", [], (path) => files[path])).toThrow("in a circle")
    expect(() => parseMachines("-", [])).toThrow("store URL was not found at the first column")
    expect(() => parseMachines("a - - 1 -1", [])).toThrow("speed factor must be >= 0")
    expect(() => parseMachines("a - - 1 1 - - !", [])).toThrow("invalid character in Base64 string: '!'")
    const [machine] = parseMachines("h x key 1 0 kvm big a2V5", [])
    expect(machine!.speedFactor).toBe(1)
    expect(printStoreReference(completeStoreReference(machine!))).toBe(
      "ssh://h?base64-ssh-public-host-key=a2V5&log-fd=4&max-connections=1&ssh-key=key&system-features=kvm%20big",
    )
  })
})

describe("nix.conf", () => {
  const text =
    "# comment\nsubstituters =  a   b # c\n\nextra-substituters = c\nexperimental-features = x\ninclude more\n!include none\ncores ="

  test("is read line by line, experimental features first", () => {
    const settings = parseConfig(text, "/etc/nix/nix.conf", (include, from) => {
      expect(from).toBe("/etc/nix/nix.conf")
      return include === "more" ? { path: "/etc/nix/more", text: "max-jobs = 4" } : undefined
    })
    expect(settings.map(({ name, value }) => `${name}=${value}`)).toEqual([
      "experimental-features=x",
      "substituters=a b",
      "extra-substituters=c",
      "max-jobs=4",
      "cores=",
    ])
    expect(applyConfig(settings).get("substituters")).toBe("a b c")
    expect(applyConfig([{ name: "extra-x", value: "1" }]).get("x")).toBe("1")
  })

  test("that is wrong is refused in Nix's words", () => {
    expect(() => parseConfigLines("foo", "/x")).toThrow("syntax error in configuration line 'foo' in \"/x\"")
    expect(() => parseConfigLines("foo bar", "/x")).toThrow("syntax error in configuration line 'foo bar' in \"/x\"")
    expect(() => parseConfigLines("include a b", "/x")).toThrow("syntax error")
    expect(() => parseConfig("include a", "/x")).toThrow('file "a" included from "/x" not found')
    expect(() => parseConfig("include /x", "/x", () => ({ path: "/x", text: "include /x" }))).toThrow("more than 100 levels")
  })
})

describe("log lines", () => {
  test("keep their value", () => {
    // Written by Nix 2.8, --log-format internal-json.
    for (const line of [
      '@nix {"action":"start","id":17592186044416,"level":3,"parent":0,"text":"building \'/nix/store/x.drv\'","type":105,"fields":["/nix/store/x.drv","",1,1]}',
      '@nix {"action":"result","fields":["hello"],"id":17592186044416,"type":101}',
      '@nix {"action":"stop","id":17592186044416}',
      '@nix {"action":"stop","id":18014394214514689}',
      '@nix {"action":"msg","level":0,"msg":"error: x","raw_msg":"x","column":null,"file":null,"line":null}',
      '@nix {"action":"setPhase","phase":"buildPhase"}',
    ]) {
      const read = parseLogLine(line)!
      expect(parseJson(printLogLine(read).slice(5))).toEqual(parseJson(line.slice(5)))
      expect(parseLogLine(printLogLine(read))).toEqual(read)
      expect(printLogLine(read, "bare")).toBe(printLogLine(read).slice(5))
    }
    expect(parseLogLine("plain text")).toBeUndefined()
    expect(printLogLine({ action: "result", id: 1, type: 2, fields: [] })).toBe('@nix {"action":"result","id":1,"type":2}')
  })

  test("that are wrong are refused", () => {
    for (const bad of [
      "@nix ",
      "@nix {}",
      '@nix {"action":"x"}',
      '@nix {"action":"stop"}',
      '@nix {"action":"result","id":1,"type":1,"fields":[null]}',
      "@nix []",
    ]) {
      expect(() => parseLogLine(bad), bad).toThrow(FormatError)
    }
  })
})

describeShared("names from URLs", "conformance/unit-vectors/url-name.json", (file) => {
  test("are those of Nix", () => {
    for (const { url, lenient, name } of JSON.parse(readFileSync(file, "utf8"))) {
      expect(nameFromUrl(parseUrl(url, lenient)) ?? null, url).toBe(name ?? null)
    }
  })
})

describeShared("keys of commits", "conformance/public-key", (folder) => {
  test("have a default type", () => {
    for (const file of readdirSync(folder)) {
      const value = JSON.parse(readFileSync(`${folder}/${file}`, "utf8"))
      expect(commitKeyToJson(commitKeyFromJson(value)), file).toEqual({ type: "ssh-ed25519", ...value })
    }
    expect(() => commitKeyFromJson({})).toThrow(FormatError)
  })
})

describe("graphs of references", () => {
  const path = (name: string) => parseBaseName(`g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-${name}`)
  const info = (name: string, references: string[]): PathInfo => ({
    path: path(name),
    storeDir: "/nix/store",
    deriver: path("x.drv"),
    narHash: hashBytes("sha256", name),
    narSize: 100,
    references: references.map(path),
    registrationTime: 0,
    ultimate: false,
    signatures: [],
    ca: undefined,
  })
  const infos = () => [info("a", ["a", "b"]), info("b", ["c"]), info("c", [])]

  test("are written as text and as JSON", () => {
    expect(closureOf([path("b")], (at) => infos().find((one) => one.path === at)!.references)).toEqual([path("b"), path("c")])
    const full = (name: string) => `/nix/store/${path(name)}`
    expect(exportReferencesText(infos())).toBe(
      `${full("a")}\n\n2\n${full("a")}\n${full("b")}\n${full("b")}\n\n1\n${full("c")}\n${full("c")}\n\n0\n`,
    )
    const json = exportReferencesJson(infos())
    expect(json.map((one) => one["closureSize"])).toEqual([300, 200, 100])
    expect(json[1]).toEqual({
      closureSize: 200,
      narHash: expect.stringMatching(/^sha256:[0-9a-z]{52}$/),
      narSize: 100,
      path: full("b"),
      references: [full("c")],
      valid: true,
    })
  })

  test("as registrations keep their value", () => {
    const registrations = infos().map(({ path: at, deriver, references, narHash, narSize }) => ({
      path: at,
      deriver,
      references,
      nar: { hash: narHash, size: narSize },
    }))
    expect(parseRegistration(printRegistration(registrations, "with hashes"), "with hashes")).toEqual(registrations)
    expect(parseRegistration(printRegistration(registrations))).toEqual(registrations.map((one) => ({ ...one, nar: undefined })))
    expect(() => parseRegistration(`/nix/store/${path("a")}\n\n1\n`)).toThrow("missing input")
    expect(() => parseRegistration(`/nix/store/${path("a")}\n\nx\n`)).toThrow("number expected at line 3")
  })
})
