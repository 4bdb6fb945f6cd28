// EvalIO: what evaluation sees of mounts and of the store, and what it puts there; hot and cold, by closures and by the stepper.
import { beforeAll, describe, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseStorePath } from "../../engine/formats/store-path/store-path.ts"
import { evaluate, evaluateOn, hostOf, hotStore, importFiles, memoryStores, type Setup, storeDir } from "./eval-io-run.ts"

beforeAll(initHashes)

const files = {
  "default.nix": "{ dep = import ./lib/dep.nix; text = builtins.readFile ./data/hello.txt; }",
  "lib/dep.nix": 'builtins.trace "dep" (import ./deeper).value',
  "lib/deeper/default.nix": "{ value = 42; }",
  "data/hello.txt": "Hello \xc3\xa4 \x80\x9f!",
  "data/tool": { text: "#!/bin/sh\n", executable: true },
  "data/empty": "",
  link: { symlink: "data" },
  "data/loop": { symlink: "loop" },
  "data/up": { symlink: "../lib/dep.nix" },
}

async function setup(): Promise<Setup> {
  const stores = memoryStores()
  return { stores, trees: { "/src/set": await importFiles(stores, files) }, files: { "/src/other.nix": "1 + 1" } }
}

test("trees of the store are read where they are mounted, traces are printed once", async () => {
  expect(await evaluate("import /src/set", await setup())).toEqual({
    value: '{ dep = 42; text = "Hello \xc3\xa4 \x80\x9f!"; }',
    lines: ["trace: dep"],
  })
})

test("directories, types and symlinks are those of the tree", async () => {
  const at = await setup()
  expect((await evaluate("builtins.readDir /src/set/data", at)).value).toBe(
    '{ empty = "regular"; "hello.txt" = "regular"; loop = "symlink"; tool = "regular"; up = "symlink"; }',
  )
  expect((await evaluate("builtins.readDir /src", at)).value).toBe('{ "other.nix" = "regular"; set = "directory"; }')
  expect(await evaluate("map builtins.readFileType [ /src/set/link /src/set/data/tool /src/set /nix/store /. ]", at)).toEqual({
    value: '[ "symlink" "regular" "directory" "directory" "directory" ]',
    lines: [],
  })
  expect(
    (await evaluate("map builtins.pathExists [ /src/set/link/empty /src/set/link/none /src/set/data/empty/x /src/nowhere ]", at)).value,
  ).toBe("[ true false false false ]")
  expect((await evaluate("import /src/set/link/up + import /src/other.nix", at)).value).toBe("44")
  expect((await evaluate("builtins.readFile /src/set/link/loop", at)).error).toBe("infinite symlink recursion in path '/src/set/link/loop'")
  expect((await evaluate("builtins.readFile /src/set/none", at)).error).toBe("path '/src/set/none' does not exist")
  expect((await evaluate("builtins.readFile /src/set/data", at)).error).toBe("file '/src/set/data' is not a regular file")
  expect((await evaluate('builtins.hashFile "sha256" /src/set/data/empty', at)).value).toBe(
    '"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"',
  )
})

test("files given as data cover what a tree has in their place", async () => {
  const at = await setup()
  const covering = { ...at, files: { "/src/set/lib/deeper/default.nix": "{ value = 7; }", "/src/set/lib/new.nix": "3" } }
  expect((await evaluate("(import /src/set).dep + import /src/set/lib/new.nix", covering)).value).toBe("10")
  expect((await evaluate("builtins.readDir /src/set/lib", covering)).value).toBe(
    '{ deeper = "directory"; "dep.nix" = "regular"; "new.nix" = "regular"; }',
  )
  const { value } = await evaluate('"${/src/set/lib}"', covering)
  const whole = memoryStores()
  const same = await importFiles(whole, { ...files, "lib/deeper/default.nix": "{ value = 7; }", "lib/new.nix": "3" })
  expect((await evaluate('"${/src/set/lib}"', { stores: whole, trees: { "/src/set": same } })).value).toBe(value)
})

describe("what evaluation puts into the store", () => {
  const drv = 'derivation { name = "x"; system = "s"; builder = "b"; src = builtins.toFile "t" "text"; }'

  test("derivations and texts can be read back at once, and by the next evaluation", async () => {
    const stores = memoryStores()
    const { value } = await evaluate(`let d = ${drv}; in [ (builtins.readFile d.src) (import d.drvPath).outPath d.drvPath ]`, { stores })
    const [src, outPath, drvPath] = (value as string).match(/"[^"]*"/g) as string[]
    expect(src).toBe('"text"')
    expect((await evaluate(`(import ${drvPath}).outPath`, { stores })).value).toBe(outPath)
    const info = await stores.infos.get((drvPath as string).slice(12, 44))
    expect(info).toMatchObject({ path: parseStorePath((drvPath as string).slice(1, -1)), ca: { method: "text" } })
    expect(info?.references.map((r) => r.slice(33))).toEqual(["t"])
  })

  test("what waits to be written is bounded, and evaluation waits for it", async () => {
    const stores = memoryStores()
    const host = hostOf({ stores, hot: hotStore(stores, { queueBytes: 1000 }) })
    const many = 'builtins.genList (i: builtins.toFile "t${toString i}" (toString i + "'.concat("x".repeat(300), '")) 100')
    const { value } = await evaluateOn(host, many)
    expect(host.waits.others).toBeGreaterThan(10)
    expect(host.hot.queue.bytes).toBeLessThan(1500)
    await host.hot.queue.flush()
    let count = 0
    for await (const infos of stores.infos.list()) count += infos.length
    expect(count).toBe(100)
    expect((await evaluate(`map builtins.readFile ${value}`, { stores })).value).toContain('"99xxx')
  })

  test("sources have Nix's paths", async () => {
    const world = { "/pwd/hello.txt": "Hello World!", "/pwd/empty": "", "/pwd/test/.keep": "" }
    const stores = memoryStores()
    const tree = await importFiles(stores, Object.fromEntries(Object.entries(world).map(([path, text]) => [path.slice(5), text])))
    for (const at of [
      { stores, files: world },
      { stores, trees: { "/pwd": tree } },
    ]) {
      // Known answers K65 to K68 of the specification.
      expect((await evaluate('[ "${./test}" "${./test/.}" "${./empty}" "${./hello.txt}" ]', at)).value).toBe(
        '[ "/nix/store/gq3xcv4xrj4yr64dflyr38acbibv3rm9-test" "/nix/store/gq3xcv4xrj4yr64dflyr38acbibv3rm9-test" "/nix/store/lx5i78a4izwk2qj1nq8rdc07y8zrwy90-empty" "/nix/store/925f1jb1ajrypjbyq7rylwryqwizvhp0-hello.txt" ]',
      )
      expect(
        (await evaluate('map (recursive: builtins.path { path = ./empty; name = "valid-name"; inherit recursive; }) [ true false ]', at))
          .value,
      ).toBe('[ "/nix/store/nd5z11x7zjqqz44rkbhc6v7yifdkn659-valid-name" "/nix/store/il2rmfbqgs37rshr8w7x64hd4d3b4bsa-valid-name" ]')
    }
  })
})

test("a hash that is expected is checked against the way of hashing (known answer K69)", async () => {
  const files = { "/pwd/empty": "" }
  const flat = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  const nar = "sha256-d6xi4mKdjkX2JFicDIv5niSzpyI0m/Hnm8GGAIU04kY="
  const path = (recursive: boolean, sha256: string): string =>
    `builtins.path { path = ./empty; name = "valid-name"; recursive = ${recursive}; sha256 = "${sha256}"; }`
  expect((await evaluate(path(false, flat), { files })).value).toBe('"/nix/store/il2rmfbqgs37rshr8w7x64hd4d3b4bsa-valid-name"')
  expect((await evaluate(path(true, nar), { files })).value).toBe('"/nix/store/nd5z11x7zjqqz44rkbhc6v7yifdkn659-valid-name"')
  for (const swapped of [path(false, nar), path(true, flat)])
    expect((await evaluate(swapped, { files })).error).toBe("store path mismatch in (possibly filtered) path added from '/pwd/empty'")
})

test("what is in the store already, as its hash tells, is neither read nor filtered nor looked for in caches", async () => {
  const stores = memoryStores()
  const nar = "sha256-d6xi4mKdjkX2JFicDIv5niSzpyI0m/Hnm8GGAIU04kY="
  const path = (hash: string) =>
    `builtins.path { path = ./gone; name = "valid-name"; filter = p: t: throw "asked"; ${hash === "" ? "" : `sha256 = "${hash}";`} }`
  const asked: string[] = []
  const substitute = async (wanted: string): Promise<null> => {
    asked.push(wanted)
    return null
  }
  expect((await evaluate(path(nar), { stores, io: { substitute } })).error).toBe("path '/pwd/gone' does not exist")
  const made = '"/nix/store/nd5z11x7zjqqz44rkbhc6v7yifdkn659-valid-name"'
  expect((await evaluate('builtins.path { path = ./empty; name = "valid-name"; }', { stores, files: { "/pwd/empty": "" } })).value).toBe(
    made,
  )
  expect((await evaluate(path(nar), { stores, io: { substitute } })).value).toBe(made)
  expect((await evaluate(path(""), { stores })).error).toBe("path '/pwd/gone' does not exist")
  expect(asked).toEqual([])
})

test("paths that are not in the store give Nix's errors", async () => {
  const path = `${storeDir}/gq3xcv4xrj4yr64dflyr38acbibv3rm9-test`
  expect((await evaluate(`builtins.readFile ${path}`)).error).toBe(`path '${path}' does not exist`)
  expect((await evaluate(`builtins.pathExists ${path}`)).value).toBe("false")
  expect((await evaluate(`builtins.storePath ${path}`)).error).toBe(`path '${path}' does not exist and cannot be created`)
  // appendContext looks first, as Nix's does where the store can be written.
  expect((await evaluate(`builtins.readFile (builtins.appendContext "${path}" { "${path}" = { path = true; }; })`)).error).toBe(
    `path '${path}' does not exist and cannot be created`,
  )
})

describe("filters", () => {
  const tree = { "a/x.c": "x", "a/y.o": "y", "b/z.c": "z", "b/c/d.o": "d", "b/c/e.c": "e", top: { symlink: "a" } } as const
  const kept = { "a/x.c": "x", "b/z.c": "z", "b/c/e.c": "e", top: { symlink: "a" } } as const
  const filter = '(p: t: builtins.trace "${baseNameOf p} ${t}" (builtins.match ".*[.]o" (baseNameOf p) == null))'
  const asked = ["a directory", "x.c regular", "y.o regular", "b directory", "c directory", "d.o regular", "e.c regular", "z.c regular"]

  test("make trees of the same files, ask once for each entry, and give Nix's paths", async () => {
    const stores = memoryStores()
    const trees = { "/src/t": await importFiles(stores, tree) }
    const { value, lines } = await evaluate(`builtins.filterSource ${filter} /src/t`, { stores, trees })
    expect(lines).toEqual([...asked, "top symlink"].map((line) => `trace: ${line}`))
    const plain = await evaluate('builtins.path { path = /src/t; name = "t"; }', {
      stores,
      trees: { "/src/t": await importFiles(stores, kept) },
    })
    expect(value).toBe(plain.value)
    // As Nix 2.8 has it.
    expect(value).toBe('"/nix/store/vfz6gf77m7gbwgqbf6f2462ycbzhb2w8-t"')
  })

  test("give the paths that Nix 2.8 gives for the same files", async () => {
    const stores = memoryStores()
    const more = { ...tree, "b/run": { text: "#!/bin/sh\n", executable: true } }
    const data = Object.fromEntries(Object.entries(more).map(([path, file]) => [`/src/t/${path}`, file]))
    for (const at of [{ stores, trees: { "/src/t": await importFiles(stores, more) } }, { files: data }]) {
      const { value } = await evaluate(
        `[ (builtins.filterSource (p: t: t != "symlink" && baseNameOf p != "a") /src/t)
           (builtins.path { path = /src/t; name = "n"; filter = p: t: t == "directory"; })
           "\${/src/t/b/run}" (builtins.path { path = /src/t/b/run; recursive = false; }) ]`,
        at,
      )
      expect((value as string).match(/[0-9a-z]{32}/g)).toEqual([
        "mf167dq28cgn8wbdvsd681ypjzxkfzf8",
        "wnr72820gl5lngzq6zpsziqwsa08kbxl",
        "fhsg3jqz69b5s1ng2y2947cgd10nvswa",
        "9q533j0pd00jvfqqlclqnnnjf8dsxjgk",
      ])
    }
  })

  test("that have to wait for files are not asked again for what they have decided", async () => {
    const stores = memoryStores()
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${10 + i}`, `${i % 2 === 0 ? "yes" : "no"} ${i}`]))
    const trees = { "/src/t": await importFiles(stores, many) }
    const keep = 'builtins.match "yes.*" (builtins.readFile p) != null'
    const text = `builtins.filterSource (p: t: builtins.trace (baseNameOf p) (${keep})) /src/t`
    const outcome = await evaluate(text, { stores, trees })
    expect(outcome.lines).toEqual(Object.keys(many).map((name) => `trace: ${name}`))
    const host = hostOf({ stores, trees, cold: true })
    let reads = 0
    const readFile = host.readFile.bind(host)
    host.readFile = (path) => {
      reads++
      return readFile(path)
    }
    expect((await evaluateOn(host, text)).value).toBe(outcome.value)
    expect(host.waits.files).toBe(20)
    // Once to be told to wait, once to be read.
    expect(reads).toBe(40)
    const wanted = Object.entries(many).filter(([, text]) => text.startsWith("yes"))
    const plain = await importFiles(stores, Object.fromEntries(wanted))
    expect((await evaluate('"${/src/t}"', { stores, trees: { "/src/t": plain } })).value).toBe(outcome.value)
  })
})
