// fetchTree and its like where no golden file can say it: in the files of a tab, in search paths, in commands, known answers, what is
// not there yet.

import * as fs from "node:fs"
import * as os from "node:os"
import { Readable } from "node:stream"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { StoreError } from "../../engine/castore/error.ts"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { repl } from "../../engine/cli/repl.ts"
import { pipedInput } from "../../engine/cli/repl-lines.ts"
import { notYetInputs } from "../../engine/eval/builtins/not-yet.ts"
import { CastoreFetchStore } from "../../engine/fetch/castore-fetch-store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import type { StorePath } from "../../engine/formats/store-path/store-path.ts"
import { collectGarbage } from "../../engine/store/garbage.ts"
import { MemoryRoots } from "../../engine/store/roots.ts"
import { Store } from "../../engine/store/store.ts"
import { type Ran, runCommand } from "../setup/command.ts"
import { importFiles, memoryStores, storeDir } from "../store/eval-io-run.ts"
import { startServer, type TestServer } from "./server.ts"
import { evaluateInTab, type Tab, testFetcher } from "./tab.ts"

let server: TestServer
let home: string
beforeAll(async () => {
  await initHashes()
  server = await startServer()
  home = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-tree-`)
})
afterAll(async () => {
  await server.close()
  fs.rmSync(home, { recursive: true, force: true })
})

const inTab = (expr: string, tab: Partial<Tab> = {}) => evaluateInTab(expr, { base: server.base, ...tab })
const onLine = (...argv: string[]): Promise<Ran> =>
  runCommand(
    instantiate,
    argv.map((arg) => arg.replaceAll("BASE", server.base)),
    { cwd: home, env: { XDG_CACHE_HOME: `${home}/cache`, NIX_STORE_DIR: "/nix/store" } },
  )

describe("in the files of a tab", () => {
  const files = {
    "/files/src/a": "a",
    "/files/src/run": { text: "#!/bin/sh\n", executable: true },
    "/files/link": { symlink: "src/a" },
    "/files/src/l": { symlink: "a" },
  }

  test("a path is fetched as `path` takes it, and imported from", async () => {
    const { out } = await inTab('(builtins.fetchTree { type = "path"; path = "/files/src"; }).outPath', { files })
    // Sources are called by their names, inputs are called `source`.
    const { out: named } = await inTab('builtins.path { path = /files/src; name = "source"; }', { files })
    expect(out).toBe(named)
    const { out: read } = await inTab('builtins.readFile ((builtins.fetchTree { type = "path"; path = "/files/src"; }) + "/l")', { files })
    expect(read).toBe('"a"')
  })

  test("an object that a cache has is brought in before the store is locked: a garbage collection that waits meanwhile stops nobody", async () => {
    const far = new Store(memoryStores())
    const path = await far.addTree(await importFiles(far.stores, { "dir/f": "far" }), "set")
    for (const expr of [
      `builtins.readFile ((builtins.fetchTree { type = "path"; path = "${far.print(path)}/dir"; }) + "/f")`,
      `builtins.readFile (builtins.fetchurl "file:///files/link/dir/f")`,
    ]) {
      const stores = memoryStores()
      const store = new Store(stores, { storeDir })
      const substitute = async (wanted: StorePath) => {
        const collected = collectGarbage(store, new MemoryRoots())
        const substituted = store.importing(async (inner) => {
          const info = (await far.query(wanted))!
          await importFiles(stores, { "dir/f": "far" })
          await inner.register([info])
          return info
        })
        await collected
        return substituted
      }
      const links = { "/files/link": { symlink: far.print(path) } }
      const tab = { stores, substitute, context: { store: new CastoreFetchStore(store) }, files: links }
      expect(await inTab(expr, tab)).toEqual({ out: '"far"', lines: [] })
    }
  })

  test("an object of the store that is called so is taken as it is", async () => {
    const expr = `let t = fetchTarball "BASE/plain.tar.gz"; u = builtins.fetchTree { type = "path"; path = "\${t}"; }; in u.outPath == t && u.lastModified == 0`
    expect((await inTab(expr)).out).toBe("true")
  })

  test("file: addresses mean them, symlinks followed", async () => {
    expect((await inTab('builtins.readFile (builtins.fetchurl "file:///files/src/a")', { files })).out).toBe('"a"')
    expect((await inTab('builtins.readFile (builtins.fetchurl "file:///files/link")', { files })).out).toBe('"a"')
    expect((await inTab('builtins.fetchurl "file:///files/none"', { files })).error).toContain("Could not read a file:// file (37)")
  })
})

describe("a store that cannot take it", () => {
  test.each(["quota", "denied", "unreachable"] as const)("%s is an error of the evaluation, and nothing is there", async (code) => {
    const stores = memoryStores()
    const full = {
      ...stores,
      blobs: new Proxy(stores.blobs, { get: (blobs, name) => (name === "putMany" ? refuse : Reflect.get(blobs, name).bind(blobs)) }),
    }
    const refuse = (): Promise<never> => Promise.reject(new StoreError(code, "there is no room left"))
    const { error } = await inTab('fetchTarball "BASE/plain.tar.gz"', { stores: full })
    expect(error).toContain("there is no room left")
    expect((await inTab('fetchTarball "BASE/plain.tar.gz"', { stores })).out).toBe('"/nix/store/aabxry2pbba71qw0w1zywr5hqwmqfazk-source"')
  })
})

describe("known answers", () => {
  const known: readonly (readonly [string, string])[] = [
    [
      'builtins.fetchurl { url = "http://x.invalid/a"; name = "notmuch-extract-patch"; sha256 = "sha256-Xa1Jbl2Eq5+L0ww+Ph1osA3Z/Dxe/RkN1/dITQCdXFk="; }',
      "06qi00hylriyfm0nl827crgjvbax84mz-notmuch-extract-patch",
    ],
    [
      'fetchTarball { url = "http://x.invalid/a"; sha256 = "1hf6cgaci1n186kkkjq106ryf8mmlq9vnwgfwh625wa8hfgdn4dm"; }',
      "7adgvk5zdfq4pwrhsm3n9lzypb12gw0g-source",
    ],
    [
      'fetchTarball { url = "http://x.invalid/a"; name = "some-name"; sha256 = "sha256-tRHbnoNI8SIM5O5xuxOmtSLnswEByzmnQcGGyNRjxsE="; }',
      "md9dsn2zwa6aj7zzalvjwwwx82whcyva-some-name",
    ],
  ]
  test.each(known)("K54, K55: %s", async (expr, path) => {
    // With an object of that hash in the store nothing is fetched; without the network the hash tells the path.
    const { stores } = { stores: memoryStores() }
    const { hostOf } = await import("../store/eval-io-run.ts")
    const { Evaluator } = await import("../../engine/eval/evaluator.ts")
    const evaluator = new Evaluator(hostOf({ stores }))
    const cell = evaluator.cell(evaluator.load(`toString (${expr})`, { kind: "string" }, "/"))
    const value = await evaluator.settle(() => evaluator.force(cell))
    expect(typeof value === "string" ? value : (value as { text: string }).text).toBe(`/nix/store/${path}`)
  })

  test.each([
    ["unpack", "sha256-oj6yfWKbcEerK8D9GdPJtIAOveNcsH1ztGeSARGypRA=", "b40vjphshq4fdgv8s3yrp0bdlafi4920"],
    ["unpack", "sha1-F/fMsgwkXF8fPCg1v9zPZ4yOFIA=", "8kx7fdkdbzs4fkfb57xq0cbhs20ymq2n"],
    ["executable", "sha1-NKNeU1csW5YJ4lCeWH3Z/apppNU=", "y92hm2xfk1009hrq0ix80j4m5k4j4w21"],
  ])("K57: <nix/fetchurl.nix> %s %s", async (how, hash, digits) => {
    const name = "0r8nqa1klm5v17ifc6z96m9wywxkjvgbnqq9pmy0sgqj53wj3n12.nar.xz"
    const { out } = await inTab(
      `toString (import <nix/fetchurl.nix> { ${how} = true; name = "${name}"; url = "https://x.invalid/a"; hash = "${hash}"; })`,
    )
    expect(out).toBe(`"/nix/store/${digits}-${name}"`)
  })

  test("K56: /dev/null", async () => {
    expect((await onLine("--eval", "-E", 'builtins.fetchurl "file:///dev/null"')).out).toBe(
      '"/nix/store/y0r1p1cqmlvm0yqkz3gxvkc1p8kg2sz8-null"\n',
    )
  })

  test.each([
    ["BASE/redirect/1/hello.txt", "hello.txt"],
    ["BASE/hello.txt/", "hello.txt"],
  ])("K58: %s is called %s", async (url, name) => {
    const { out, error } = await inTab(`builtins.fetchurl { url = "${url}"; }`)
    expect(out ?? error).toContain(name)
  })
})

describe("what is not there yet", () => {
  const inputs: Readonly<Record<string, string>> = {
    git: '{ type = "git"; url = "https://example.org/a.git"; }',
    hg: '{ type = "hg"; url = "https://example.org/a"; }',
    indirect: '{ type = "indirect"; id = "nixpkgs"; }',
  }

  test("is a list", () => {
    expect(Object.keys(inputs).sort()).toEqual([...notYetInputs].sort())
  })
  test.each(Object.entries(inputs))("%s", async (type, input) => {
    const { error } = await inTab(`builtins.fetchTree ${input}`)
    expect(error).toContain(`inputs of type '${type}' cannot be fetched yet`)
  })
  test("fetchGit", async () => {
    expect((await inTab('fetchGit "https://example.org/a.git"')).error).toContain("inputs of type 'git' cannot be fetched yet")
  })
})

test("a local archive has an absolute path", async () => {
  for (const expr of ['fetchTarball "file:a.tar"', 'builtins.fetchTree { type = "tarball"; url = "file:a.tar"; }'])
    expect((await inTab(expr)).error).toContain(
      "tarball 'file:a.tar' must use an absolute path. The 'file' scheme does not support relative paths.",
    )
})

describe("search paths and file arguments", () => {
  test("an entry may be the address of an archive", async () => {
    expect((await onLine("--eval", "-I", "x=BASE/plain.tar.gz", "-E", "(import <x>).answer")).out).toBe("42\n")
    expect((await onLine("--find-file", "-I", "x=BASE/plain.tar.gz", "x/dir")).out).toBe(
      "/nix/store/aabxry2pbba71qw0w1zywr5hqwmqfazk-source/dir\n",
    )
  })

  test("an entry that cannot be had is passed over, with one warning", async () => {
    const { out, err } = await onLine(
      "--option",
      "download-attempts",
      "1",
      "--eval",
      "-I",
      "x=BASE/status/404/x.tar",
      "-I",
      "x=BASE/plain.tar.gz",
      "-E",
      "[ (import <x>).answer (import <x>).answer ]",
      "--strict",
    )
    expect(out).toBe("[ 42 42 ]\n")
    expect(err).toBe(`warning: Nix search path entry '${server.base}/status/404/x.tar' cannot be downloaded, ignoring\n`)
  })

  test("a file argument may be one", async () => {
    expect((await onLine("--eval", "-A", "answer", "BASE/plain.tar.gz")).out).toBe("42\n")
  })

  test("a channel is an archive of its own server", async () => {
    const asked: string[] = []
    const real = testFetcher(server.base)
    const fetcher: typeof real = (url, request) => {
      asked.push(url)
      return real(`${server.base}/plain.tar.gz`, request)
    }
    const { out } = await inTab('(import (fetchTarball "channel:nixos-25.05")).answer', { context: { fetcher } })
    expect([out, asked]).toEqual(["42", ["https://channels.nixos.org/nixos-25.05/nixexprs.tar.xz"]])
  })
})

describe("commands", () => {
  test("a derivation has what was fetched as its source", async () => {
    const expr = 'derivation { name = "x"; system = "x"; builder = "b"; src = fetchTarball "BASE/plain.tar.gz"; }'
    const ran = await onLine("--store", `${home}/store`, "-E", expr)
    expect(ran.status).toBe(0)
    const drv = fs.readFileSync(`${home}/store${ran.out.trim()}`, "utf8")
    expect(drv).toContain('["/nix/store/aabxry2pbba71qw0w1zywr5hqwmqfazk-source"]')
  })

  test("several packages, each with a fetch of its own, are printed in their order", async () => {
    const p = (name: string): string =>
      `(derivation { name = "${name}"; system = "x"; builder = "b"; src = builtins.fetchurl { url = "BASE/hello.txt?${name}"; name = "${name}"; }; })`
    const { out } = await onLine("-E", `[ ${p("a")} ${p("b")} ${p("c")} ]`)
    expect(
      out
        .trim()
        .split("\n")
        .map((path) => path.slice(44)),
    ).toEqual(["a.drv", "b.drv", "c.drv"])
  })

  test("what has its hash is not asked for again, however old it is", async () => {
    const expr = 'fetchTarball { url = "BASE/etag/plain.tar.gz"; sha256 = "sha256-DGJn5Kvc6KBl7RoFoRIyu9gRH6t/gmzlAo3zBNura14="; }'
    const first = await onLine("--eval", "-E", expr)
    const asked = server.asked.length
    expect(await onLine("--option", "tarball-ttl", "0", "--eval", "-E", expr)).toEqual(first)
    expect(server.asked.length).toBe(asked)
    // Without the hash the server is asked whether it has something new.
    await onLine("--option", "tarball-ttl", "0", "--eval", "-E", 'fetchTarball "BASE/etag/plain.tar.gz"')
    expect(server.asked.length).toBe(asked + 1)
  })

  test("the repl fetches", async () => {
    const lines = [
      "(import (fetchTarball BASE/plain.tar.gz)).answer",
      't = fetchTarball "BASE/plain.tar.gz"',
      "t",
      ":l BASE/plain.tar.gz",
      "text",
    ]
    const input = Readable.from([Buffer.from(`${lines.join("\n")}\n`.replaceAll("BASE", server.base))])
    const ran = await runCommand((argv, session) => repl(argv, session, () => pipedInput(input as unknown as NodeJS.ReadStream)), [], {
      cwd: home,
      env: { XDG_CACHE_HOME: `${home}/repl-cache` },
    })
    expect(ran.out).toContain("42")
    expect(ran.out).toContain("/nix/store/aabxry2pbba71qw0w1zywr5hqwmqfazk-source")
    expect(ran.out).toContain('"some text\\n"')
  })

  test("nothing is fetched without a place for it", async () => {
    const ran = await runCommand(instantiate, ["--eval", "-E", `builtins.fetchurl "${server.base}/hello.txt"`], { cwd: home })
    expect(ran.err).toContain("neither XDG_CACHE_HOME nor HOME is set")
  })
})
