// EvalIO when something is missing, damaged, full, or comes from elsewhere: clear errors, nothing wrong read, and a way to go on.
import { beforeAll, describe, expect, test } from "vitest"
import type { B3Digest } from "../../engine/castore/digest.ts"
import { StoreError } from "../../engine/castore/error.ts"
import { MemoryBlobStore, type MemoryBlobs } from "../../engine/castore/memory-blob-store.ts"
import type { Node } from "../../engine/castore/node.ts"
import { descend } from "../../engine/castore/walk.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { noWindow } from "../../engine/store/eval-io-prefetch.ts"
import { Store } from "../../engine/store/store.ts"
import type { Stores } from "../../engine/store/stores.ts"
import { evaluate, evaluateOn, hostOf, hotStore, importFiles, memoryStores, storeDir } from "./eval-io-run.ts"

beforeAll(initHashes)

/** Stores whose contents the test can get at. */
function openStores(): { readonly stores: Stores; readonly memory: MemoryBlobs } {
  const memory: MemoryBlobs = { blobs: new Map(), chunks: new Map() }
  return { stores: { ...memoryStores(), blobs: new MemoryBlobStore(memory) }, memory }
}

/** A store with some methods of its own. */
function over<T extends object>(store: T, methods: Partial<T>): T {
  return new Proxy(store, {
    get(target, name) {
      const own = (methods as Record<string | symbol, unknown>)[name]
      if (own !== undefined) return own
      const found = (target as Record<string | symbol, unknown>)[name]
      return typeof found === "function" ? found.bind(target) : found
    },
  })
}

const files = { "a.nix": "1", "b.nix": "20 + 1", "c.nix": "300" }

async function digestOf(stores: Stores, tree: Node, name: string): Promise<B3Digest> {
  const node = await descend(stores.directories, tree, [name])
  if (node === null || node.kind === "symlink") throw new Error(`no file or directory: ${name}`)
  return node.digest
}

describe("damage", () => {
  test("of one file is told of that file alone, and only when it is read", async () => {
    const { stores, memory } = openStores()
    const tree = await importFiles(stores, files)
    const digest = await digestOf(stores, tree, "b.nix")
    memory.blobs.set(digest, Uint8Array.from([0x31]))
    const trees = { "/s": tree }
    expect((await evaluate("import /s/a.nix + import /s/c.nix", { stores, trees })).value).toBe("301")
    const { error } = await evaluate("import /s/b.nix", { stores, trees })
    expect(error).toBe(`reading file '/s/b.nix': the blob ${digest} is damaged: its 1 bytes have the digest ${await sole("1")}`)
    // When it is written again, the next evaluation has it.
    memory.blobs.delete(digest)
    expect((await evaluate("import /s/b.nix", { stores, trees })).error).toBe(
      `reading file '/s/b.nix': the contents of a file, the blob ${digest}, are absent`,
    )
    await importFiles(stores, files)
    expect((await evaluate("import /s/b.nix", { stores, trees })).value).toBe("21")
  })

  test("of a directory is told with its path", async () => {
    const stores = memoryStores()
    const tree = await importFiles(stores, { "d/e/f": "x" })
    const gone = await digestOf(stores, tree, "d")
    const broken: Stores = {
      ...stores,
      directories: over(stores.directories, {
        getMany: async (digests: readonly B3Digest[]) =>
          (await stores.directories.getMany(digests)).map((found, i) => (digests[i] === gone ? null : found)),
      }),
    }
    const setup = { stores: broken, trees: { "/s": tree } }
    expect((await evaluate("builtins.readDir /s/d", setup)).error).toBe(`reading directory '/s/d': the directory ${gone} is absent`)
    expect((await evaluate("builtins.tryEval (builtins.pathExists /s/d/e)", setup)).error).toMatch(/^reading directory '\/s\/d': /)
    expect((await evaluate("builtins.readDir /s", setup)).value).toBe('{ d = "directory"; }')
  })
})

/** The digest of a text. */
async function sole(text: string): Promise<B3Digest> {
  const [digest] = await new MemoryBlobStore().putMany([Buffer.from(text)])
  return digest as B3Digest
}

describe("a store that cannot be written", () => {
  const text = 'let f = builtins.toFile "f" "text"; in [ f (builtins.readFile f) ]'

  test("lets evaluation go on, keeps what was not written, says why, and takes it later", async () => {
    const stores = memoryStores()
    let room = false
    const full: Stores = {
      ...stores,
      blobs: over(stores.blobs, {
        putMany: async (blobs: readonly Uint8Array[]) => {
          if (!room) throw new StoreError("quota", "there is no room left")
          return stores.blobs.putMany(blobs)
        },
      }),
    }
    const hot = hotStore(full, { queueBytes: 1 })
    const host = hostOf({ stores: full, hot })
    const { value } = await evaluateOn(host, text)
    expect(value).toMatch(/-f" "text" \]$/)
    await expect(hot.queue.flush()).rejects.toThrow("there is no room left")
    expect(hot.queue.fault?.code).toBe("quota")
    expect((await evaluateOn(hostOf({ stores: full, hot }), text)).value).toBe(value)
    room = true
    await hot.queue.flush()
    expect([hot.queue.fault, hot.queue.empty]).toEqual([null, true])
    expect((await evaluate(`builtins.readFile ${(value as string).split('"')[1]}`, { stores })).value).toBe('"text"')
  })

  test("that fails between contents and infos has no object of it", async () => {
    const stores = memoryStores()
    const failing: Stores = {
      ...stores,
      infos: over(stores.infos, {
        putMany: async () => {
          throw new StoreError("quota", "there is no room left")
        },
      }),
    }
    const hot = hotStore(failing)
    const { value } = await evaluateOn(hostOf({ stores: failing, hot }), text)
    await expect(hot.queue.flush()).rejects.toThrow("there is no room left")
    const path = (value as string).split('"')[1] as string
    expect((await evaluate(`builtins.pathExists ${path}`, { stores })).value).toBe("false")
  })
})

describe("what is not here", () => {
  test("is brought in by the substituter, which is asked once for each path", async () => {
    const far = memoryStores()
    const source = new Store(far)
    const path = await source.addTree(await importFiles(far, files), "set")
    const near = memoryStores()
    const asked: StorePath[] = []
    const substitute = async (wanted: StorePath) => {
      asked.push(wanted)
      const info = await source.query(wanted)
      if (info === null) return null
      await importFiles(near, files)
      await near.infos.putMany([info])
      return info
    }
    const absent = "gq3xcv4xrj4yr64dflyr38acbibv3rm9-test"
    const text = `[ (import ${source.print(path)}/b.nix) (builtins.pathExists ${storeDir}/${absent}) (builtins.pathExists ${storeDir}/${absent}) ]`
    const host = hostOf({ stores: near, io: { substitute, window: noWindow } })
    expect((await evaluateOn(host, text)).value).toBe("[ 21 false false ]")
    expect(asked).toEqual([path, absent])
    expect((await evaluate(`builtins.storePath ${source.print(path)}`, { stores: near })).value).toBe(`"${source.print(path)}"`)
  })

  test("may be the output of a derivation: it is read where it is, and where it is not it would have to be built", async () => {
    const stores = memoryStores()
    const drv = 'derivation { name = "made"; system = "s"; builder = "b"; }'
    const { value } = await evaluate(`(${drv}).outPath`, { stores })
    const wanted = parseStorePath((value as string).slice(1, -1))
    const node = await importFiles(stores, { "n.nix": "11" })
    const text = `import ((${drv}) + "/n.nix")`
    expect((await evaluate(text, { stores })).error).toMatch(/^cannot build '.*-made\.drv\^out' during evaluation/)
    const { narHash, narSize } = await new Store(stores).describeTree(node, "made")
    const more = { deriver: undefined, references: [], registrationTime: 0, ultimate: false, signatures: [], ca: undefined }
    await stores.infos.putMany([{ path: wanted, storeDir, node, narHash, narSize, ...more }])
    expect((await evaluate(text, { stores })).value).toBe("11")
    expect((await evaluate(text, { stores, settings: { allowImportFromDerivation: false } })).error).toMatch(
      /option 'allow-import-from-derivation' is disabled$/,
    )
  })

  test("and cannot be reached is said", async () => {
    const substitute = async (): Promise<null> => {
      throw new StoreError("unreachable", "the cache is down")
    }
    const path = `${storeDir}/gq3xcv4xrj4yr64dflyr38acbibv3rm9-test`
    expect((await evaluate(`builtins.readFile ${path}`, { io: { substitute } })).error).toBe(
      `looking for path '${path}': the cache is down`,
    )
  })

  test("and may not be fetched leaves paths with a known hash usable", async () => {
    const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    const f = `builtins.fetchurl { url = "https://example.org/x"; sha256 = "${hash}"; }`
    const drv = await evaluate(`(derivation { name = "d"; system = "s"; builder = "b"; src = ${f}; }).drvPath`)
    expect(drv.value).toMatch(/-d\.drv"$/)
    const { value } = await evaluate(f)
    const path = (value as string).slice(1, -1)
    expect((await evaluate(`builtins.readFile (${f})`)).error).toBe(
      `'${path}' is not here, and downloading it from 'https://example.org/x' has not been allowed`,
    )
    // Once it is there, it is read.
    const stores = memoryStores()
    const made = await evaluate('builtins.path { path = /e; name = "x"; recursive = false; }', { stores, files: { "/e": "" } })
    expect(made.value).toBe(value)
    expect((await evaluate(`builtins.readFile (${f})`, { stores })).value).toBe('""')
  })
})

test("references of objects are those of their infos: for contexts of what is read, and for what is copied from them", async () => {
  const stores = memoryStores()
  const store = new Store(stores)
  const dep = await store.addText("dep", "dep")
  const tree = await importFiles(stores, { uses: store.print(dep), plain: "nothing" })
  const user = await store.addTree(tree, "user", { references: [dep] })
  const at = (file: string): string => `(builtins.storePath ${store.print(user)} + "/${file}")`
  const context = (text: string): string => `builtins.attrNames (builtins.getContext (${text}))`
  expect((await evaluate(context(`builtins.readFile ${at("uses")}`), { stores })).value).toBe(`[ "${store.print(dep)}" ]`)
  expect((await evaluate(context(`builtins.readFile ${at("plain")}`), { stores })).value).toBe("[ ]")
  const { value } = await evaluate(`builtins.path { path = ${at("uses")}; name = "copy"; }`, { stores })
  const copy = await store.query(parseStorePath((value as string).slice(1, -1)))
  expect(copy?.references).toEqual([dep])
  expect(copy?.ca).toEqual({ method: "nar", hash: copy?.narHash })
})
