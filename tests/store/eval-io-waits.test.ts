// How often evaluation has to wait, what is kept in memory, and the bytes between store and evaluator.
import { beforeAll, describe, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { bytesOfText, textOfBytes } from "../../engine/store/byte-text.ts"
import { HotCache } from "../../engine/store/hot-cache.ts"
import { Store } from "../../engine/store/store.ts"
import { evaluate, evaluateOn, hostOf, hotStore, importFiles, memoryStores, type TestFile } from "./eval-io-run.ts"

beforeAll(initHashes)

/** A package set as they are laid out: a folder for each package, with an expression and a patch. */
function packageSet(count: number): Record<string, TestFile> {
  const files: Record<string, TestFile> = {
    "default.nix": `builtins.genList (i: let name = "p\${toString i}"; shard = builtins.substring 0 2 name; in
      (import (./pkgs + "/\${shard}/\${name}/package.nix") { dep = if i == 0 then "" else "\${toString (i - 1)}"; })) ${count}`,
  }
  for (let i = 0; i < count; i++) {
    const folder = `pkgs/${`p${i}`.slice(0, 2)}/p${i}`
    files[`${folder}/package.nix`] =
      `{ dep }: (derivation { name = "p${i}"; inherit dep; system = "s"; builder = "b"; patches = [ ./fix.patch ]; }).drvPath`
    files[`${folder}/fix.patch`] = `patch ${i}`
  }
  return files
}

describe("waits", () => {
  test("are few for a package set of a thousand packages, and none when all is at hand", async () => {
    const stores = memoryStores()
    const trees = { "/set": await importFiles(stores, packageSet(1000)) }
    const hot = hotStore(stores)
    const first = hostOf({ stores, trees, hot })
    const { value } = await evaluateOn(first, "import /set")
    expect((value as string).match(/\.drv"/g)?.length).toBe(1000)
    expect(first.rounds).toBeLessThan(15)
    const second = hostOf({ stores, trees, hot })
    expect((await evaluateOn(second, "import /set")).value).toBe(value)
    expect(second.rounds).toBe(0)
  })

  test("are few for a chain of derivations that is read back", async () => {
    const stores = memoryStores()
    const chain = `let d = i: derivation { name = "d\${toString i}"; system = "s"; builder = "b"; dep = if i == 0 then "" else d (i - 1); }; in (d 300).drvPath`
    const host = hostOf({ stores })
    const { value } = await evaluateOn(host, chain)
    await host.hot.queue.flush()
    const reader = hostOf({ stores })
    const whole = `let s = builtins.addDrvOutputDependencies (builtins.appendContext ${value} { \${${value}}.path = true; }); in
      (derivation { name = "all"; system = "s"; builder = "b"; closure = s; }).drvPath`
    expect((await evaluateOn(reader, whole)).value).toMatch(/-all\.drv"$/)
    expect(reader.rounds).toBeLessThan(15)
  })

  test("end even if what one expression needs does not fit into memory", async () => {
    const stores = memoryStores()
    const trees = { "/s": await importFiles(stores, { a: "a".repeat(1000), b: "b".repeat(1000), c: "c".repeat(1000) }) }
    const text = "builtins.stringLength (builtins.readFile /s/a + builtins.readFile /s/b + builtins.readFile /s/c + builtins.readFile /s/a)"
    const host = hostOf({ stores, trees, hot: hotStore(stores, { textBytes: 1, directoryBytes: 1 }) })
    expect((await evaluateOn(host, text)).value).toBe("4000")
    expect(host.waits.files).toBeLessThan(8)
  })
})

test("search paths find trees of the store", async () => {
  const stores = memoryStores()
  const trees = { "/set": await importFiles(stores, { "default.nix": "5", "lib/default.nix": "6" }) }
  const settings = { nixPath: [{ prefix: "nixpkgs", path: "/set" }] }
  expect((await evaluate("import <nixpkgs> + import <nixpkgs/lib>", { stores, trees, settings })).value).toBe("11")
  expect((await evaluate("<nixpkgs/none>", { stores, trees, settings })).error).toMatch(/^file 'nixpkgs\/none' was not found/)
})

test("symlinks from one object of the store into another are followed", async () => {
  const stores = memoryStores()
  const store = new Store(stores)
  const lib = await store.addTree(await importFiles(stores, { "share/n.nix": "7" }), "lib")
  const env = await store.addTree(
    await importFiles(stores, { share: { symlink: `${store.print(lib)}/share` }, up: { symlink: `../${lib}/share/n.nix` } }),
    "env",
    { references: [lib] },
  )
  const alone = await store.addTree({ kind: "symlink", target: `${store.print(env)}/share` }, "alone", { references: [env] })
  const at = (path: string, rest: string): string => `/nix/store/${path}${rest}`
  expect((await evaluate(`map import [ ${at(env, "/share/n.nix")} ${at(env, "/up")} ${at(alone, "/n.nix")} ]`, { stores })).value).toBe(
    "[ 7 7 7 ]",
  )
  expect((await evaluate(`builtins.readFileType ${at(alone, "")}`, { stores })).value).toBe('"symlink"')
  expect((await evaluate(`builtins.storePath ${at(alone, "")}`, { stores })).value).toBe(`"${at(alone, "")}"`)
  expect((await evaluate(`builtins.storePath ${at(env, "/share/n.nix")}`, { stores })).value).toBe(`"${at(lib, "/share/n.nix")}"`)
})

describe("memory", () => {
  test("keeps what was asked for last, the newest whatever it costs, and what is pinned", () => {
    const cache = new HotCache<string, number>(100)
    cache.set("a", 1, 40)
    cache.set("b", 2, 40)
    expect(cache.get("a")).toBe(1)
    cache.set("c", 3, 40)
    expect([cache.has("a"), cache.has("b"), cache.has("c"), cache.used]).toEqual([true, false, true, 80])
    cache.pin("a", 1)
    cache.set("d", 4, 1000)
    expect([cache.get("a"), cache.has("c"), cache.get("d")]).toEqual([1, false, 4])
    cache.unpin()
    expect(cache.has("a")).toBe(false)
  })

  test("bytes become texts and come back, whatever they are and wherever they lie", () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    for (let from = 0; from < 8; from++) {
      for (const part of [all.subarray(from), all.subarray(from, 128), all.subarray(from, from), all.subarray(0x7f + from, 0xa5)]) {
        const text = textOfBytes(part)
        expect(text).toBe(String.fromCharCode(...part))
        expect(bytesOfText(text)).toEqual(part)
      }
    }
    const large = new Uint8Array(100_001).fill(0x61)
    expect(textOfBytes(large.subarray(1))).toBe("a".repeat(100_000))
    large[77_777] = 0x85
    expect(textOfBytes(large).charCodeAt(77_777)).toBe(0x85)
    expect(bytesOfText(textOfBytes(large))).toEqual(large)
    // A byte order mark is part of a file.
    expect(textOfBytes(Uint8Array.from([0xef, 0xbb, 0xbf]))).toBe("\xef\xbb\xbf")
  })
})
