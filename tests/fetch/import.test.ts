// Bringing in the user's data: files, folders, archives, closures of derivations; nothing is to be seen of what was not finished.

import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Node } from "../../engine/castore/node.ts"
import { walkContents } from "../../engine/castore/walk.ts"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { importArchive } from "../../engine/fetch/import-archive.ts"
import { importDrvs } from "../../engine/fetch/import-drvs.ts"
import { importFile, importFiles, importFolder, type PlacedFile, pickedFiles } from "../../engine/fetch/import-files.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import type { StorePath } from "../../engine/formats/store-path/store-path.ts"
import { Store } from "../../engine/store/store.ts"
import { readFiles } from "../../engine/worker/import-files.ts"
import { runCommand } from "../setup/command.ts"
import { clock, memoryStores, storeDir } from "../store/eval-io-run.ts"
import { archives } from "./archives.ts"
import { zip } from "./zip-writer.ts"

const storeOf = (): Store => new Store(memoryStores(), { storeDir, now: () => clock })
const file = (path: string, text: string | Uint8Array): PlacedFile => ({
  path,
  file: new File([typeof text === "string" ? text : Uint8Array.from(text)], path.slice(path.lastIndexOf("/") + 1)),
})
const blob = (bytes: Uint8Array): Blob => new Blob([Uint8Array.from(bytes)])

/** A tree as text: paths, kinds and contents. */
async function shown(store: Store, node: Node): Promise<string[]> {
  const lines: string[] = []
  for await (const { path, node: at, contents } of walkContents(store.stores.blobs, store.stores.directories, node)) {
    const text = contents instanceof Uint8Array ? Buffer.from(contents).toString("latin1") : ""
    if (at.kind === "directory") lines.push(`${path}/`)
    else lines.push(at.kind === "symlink" ? `${path} -> ${at.target}` : `${path}${at.executable ? "*" : ""}: ${text}`)
  }
  return lines
}

async function pathsIn(store: Store): Promise<readonly StorePath[]> {
  const found: StorePath[] = []
  for await (const paths of store.paths()) found.push(...paths)
  return found.sort()
}

/** A folder of a picker, made of names. */
interface Tree {
  readonly [name: string]: string | Tree
}

function handle(name: string, tree: Tree): FileSystemDirectoryHandle {
  async function* entries(): AsyncGenerator<[string, FileSystemHandle]> {
    for (const [child, what] of Object.entries(tree)) {
      const entry =
        typeof what === "string" ? { kind: "file", name: child, getFile: async () => new File([what], child) } : handle(child, what)
      yield [child, entry as unknown as FileSystemHandle]
    }
  }
  return { kind: "directory", name, entries } as unknown as FileSystemDirectoryHandle
}

beforeAll(() => initHashes())

describe("files", () => {
  test("keep their paths; the folder that all are in is the tree", async () => {
    const store = storeOf()
    const { node, path } = await importFiles(store, [file("p/a", "1"), file("p/b/c", "2"), file("p/gr\u00fc\u00df", "3")])
    expect(await shown(store, node)).toEqual(["/", "a: 1", "b/", "b/c: 2", "gr\xc3\xbc\xc3\x9f: 3"])
    expect(path).toBeNull()
    expect(await pathsIn(store)).toEqual([])
  })

  test("of several folders stay where they are", async () => {
    const store = storeOf()
    const { node } = await importFiles(store, [file("p/a", "1"), file("q/b", "2")])
    expect(await shown(store, node)).toEqual(["/", "p/", "p/a: 1", "q/", "q/b: 2"])
  })

  test("become a store object of a name, the one Nix makes", async () => {
    const store = storeOf()
    // K68 of the known answers: an empty file.
    const { path } = await importFile(store, new File([], "empty"), { name: "valid-name" })
    expect(path).toBe("nd5z11x7zjqqz44rkbhc6v7yifdkn659-valid-name")
    expect(await pathsIn(store)).toEqual([path])
  })

  test("and folders can be left out by name", async () => {
    const store = storeOf()
    const files = [file("p/.git/HEAD", "x"), file("p/a", "1"), file("p/sub/.git", "y"), file("p/.gitignore", "z")]
    expect(await shown(store, (await importFiles(store, files, { ignore: [".git"] })).node)).toEqual(["/", ".gitignore: z", "a: 1"])
    expect(await shown(store, (await importFiles(store, files)).node)).toContain(".git/HEAD: x")
  })

  test("can be executed only if asked for", async () => {
    const store = storeOf()
    const files = [file("run", "#!/bin/sh\n"), file("data", "no script")]
    expect(await shown(store, (await importFiles(store, files)).node)).toEqual(["/", "data: no script", "run: #!/bin/sh\n"])
    const { node } = await importFiles(store, files, { executables: "scripts" })
    expect(await shown(store, node)).toEqual(["/", "data: no script", "run*: #!/bin/sh\n"])
  })

  test("of a folder come with empty folders", async () => {
    const store = storeOf()
    const { node } = await importFolder(store, handle("top", { a: "1", empty: {}, sub: { b: "2", ".git": { HEAD: "x" } } }), {
      ignore: [".git"],
    })
    expect(await shown(store, node)).toEqual(["/", "a: 1", "empty/", "sub/", "sub/b: 2"])
  })

  test("of a picker have the browser's paths", () => {
    const picked = new File(["x"], "a")
    Object.defineProperty(picked, "webkitRelativePath", { value: "folder/a" })
    expect(pickedFiles([picked, new File(["y"], "b")]).map(({ path }) => path)).toEqual(["folder/a", "b"])
  })

  test.each([
    ["two of one path", [file("a", "1"), file("a", "2")], "invalid"],
    ["a file where a folder is", [file("a", "1"), file("a/b", "2")], "invalid"],
    ["a path that leads out", [file("../a", "1")], "invalid"],
    ["half a character", [file("a\ud800", "1")], "invalid"],
    ["more than the limit", [file("a", "1"), file("b", "2"), file("c", "3"), file("d", "4")], "invalid"],
  ] as const)("%s are refused", async (_, files, code) => {
    const store = storeOf()
    await expect(importFiles(store, files, { name: "x", limits: { entries: 3 } })).rejects.toMatchObject({ name: "StoreError", code })
    expect(await pathsIn(store)).toEqual([])
  })

  test.each([1, 2_000_000])("that are gone are said to be (%i bytes)", async (size) => {
    const gone = new File(["x".repeat(size)], "gone")
    gone.stream = () => new ReadableStream({ start: (c) => c.error(new Error("NotReadableError")) })
    gone.arrayBuffer = () => Promise.reject(new Error("NotReadableError"))
    await expect(importFiles(storeOf(), [{ path: "gone", file: gone }])).rejects.toMatchObject({ code: "absent" })
    const options = { signal: new AbortController().signal, progress: () => {} }
    const given = readFiles([{ path: "gone", data: gone }], memoryStores(), options)
    await expect(given).rejects.toMatchObject({ code: "absent" })
  })

  test("tell how far they are, and can be stopped: nothing is to be seen of them", async () => {
    const store = storeOf()
    const stop = new AbortController()
    const seen: number[] = []
    const files = Array.from({ length: 100 }, (_, i) => file(`f${i}`, `contents ${i}`))
    const progress = ({ entries }: { readonly entries: number }): void => {
      seen.push(entries)
      if (entries === 50) stop.abort()
    }
    await expect(importFiles(store, files, { name: "x", progress, signal: stop.signal })).rejects.toMatchObject({ code: "cancelled" })
    expect(Math.max(...seen)).toBe(50)
    expect(await pathsIn(store)).toEqual([])
    expect((await importFiles(store, files, { name: "x" })).path).not.toBeNull()
  })
})

describe("archives", () => {
  const all = archives()
  const bytes = (name: string): Uint8Array => all.get(name) as Uint8Array
  const plain = [
    "/",
    "default.nix: { answer = 42; text = builtins.readFile ./dir/text; }\n",
    "dir/",
    "dir/group-may-run: x",
    "dir/run*: #!/bin/sh\necho hi\n",
    "dir/text: some text\n",
    "empty: ",
    "link -> dir/text",
  ]

  test.each(["plain.tar", "plain.tar.gz", "plain.tar.xz", "plain.tar.bz2", "plain.tar.zst"])("%s", async (name) => {
    const store = storeOf()
    const { node, lastModified, path } = await importArchive(store, blob(bytes(name)), name, { name: "source" })
    expect(await shown(store, node)).toEqual(plain)
    expect(lastModified).toBe(1_600_000_300)
    // As fetchTarball has it.
    expect(path).toBe("aabxry2pbba71qw0w1zywr5hqwmqfazk-source")
  })

  test("keep the folder at their top if asked to", async () => {
    const store = storeOf()
    const { node } = await importArchive(store, blob(bytes("empty-dir.tar")), "a.tar", { unwrap: "none" })
    expect(await shown(store, node)).toEqual(["/", "top/", "top/a: top/a", "top/empty/"])
  })

  test("zip, also compressed once more", async () => {
    const store = storeOf()
    const archive = zip([
      { name: "a", body: "1" },
      { name: "b/c", body: "22".repeat(500) },
    ])
    const { node } = await importArchive(store, blob(archive), "a.zip")
    expect(await shown(store, node)).toEqual(["/", "a: 1", "b/", `b/c: ${"22".repeat(500)}`])
    expect((await importArchive(store, blob(gzipSync(archive)), "a.zip.gz")).node).toEqual(node)
  })

  test("NAR, also compressed", async () => {
    const store = storeOf()
    const { path } = await importArchive(store, blob(bytes("plain.tar")), "a.tar", { name: "source" })
    const pieces: Uint8Array[] = []
    for await (const chunk of store.nar(path as StorePath)) pieces.push(chunk)
    const nar = Buffer.concat(pieces)
    for (const archive of [nar, gzipSync(nar)]) {
      const other = storeOf()
      expect((await importArchive(other, blob(archive), "a.nar", { name: "source" })).path).toBe(path)
      expect(await pathsIn(other)).toEqual([path])
    }
  })

  test.each([
    ["garbage.tar", "invalid"],
    ["nothing.tar", "invalid"],
    ["climb.tar", "invalid"],
    ["absolute.tar", "invalid"],
    ["through-link.tar", "invalid"],
    ["climb.zip", "invalid"],
    ["truncated-body.tar", "damaged"],
    ["truncated.tar.gz", "damaged"],
    ["corrupt.tar.gz", "damaged"],
    ["truncated.zip", "damaged"],
    ["bad-crc.zip", "damaged"],
    ["fifo.tar", "unsupported"],
  ])("%s is refused and nothing is to be seen of it", async (name, code) => {
    const store = storeOf()
    await expect(importArchive(store, blob(bytes(name)), name, { name: "x" })).rejects.toMatchObject({ name: "StoreError", code })
    expect(await pathsIn(store)).toEqual([])
  })

  test("that unpack to more than allowed are refused: 100 MB of zeros in 100 kB", async () => {
    const store = storeOf()
    const { tar } = await import("./tar-writer.ts")
    const header = tar([{ name: "zeros", size: 100_000_000 }], "")
    const bomb = gzipSync(Buffer.concat([header, Buffer.alloc(100_000_000)]))
    expect(bomb.length).toBeLessThan(200_000)
    await expect(importArchive(store, blob(bomb), "bomb.tar.gz", { name: "x", limits: { bytes: 10_000_000 } })).rejects.toMatchObject({
      code: "invalid",
    })
    expect(await pathsIn(store)).toEqual([])
  })
})

describe("closures of derivations", () => {
  let folder: string
  /** The files of a store that Nix's language made, as a picker gives them. */
  let files: PlacedFile[]
  let drvPath: string

  const read = (root: string): PlacedFile[] =>
    fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile())
      .map((e) => file(`${e.parentPath}/${e.name}`.slice(root.length + 1), fs.readFileSync(`${e.parentPath}/${e.name}`)))

  beforeAll(async () => {
    folder = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-import-`)
    fs.mkdirSync(`${folder}/src/sub`, { recursive: true })
    fs.writeFileSync(`${folder}/src/a`, "a")
    fs.writeFileSync(`${folder}/src/sub/run`, "#!/bin/sh\n", { mode: 0o755 })
    const expr = `let
        d = name: attrs: derivation ({ inherit name; system = "x"; builder = "/bin/sh"; } // attrs);
        low = d "low" { src = ./src; one = ./src/a; };
        text = builtins.toFile "text" "hello";
      in d "top" { inherit low; also = builtins.toFile "uses" "see \${text}"; flat = builtins.path { path = ./src/a; recursive = false; }; }`
    const ran = await runCommand(instantiate, ["--store", `${folder}/store`, "-E", expr], { cwd: folder })
    drvPath = ran.out.trim()
    files = read(`${folder}/store/nix/store`)
  })
  afterAll(() => {
    execFileSync("chmod", ["-R", "u+w", folder])
    fs.rmSync(folder, { recursive: true, force: true })
  })

  test("are checked and become objects with their references", async () => {
    const store = storeOf()
    const drvs = await importDrvs(store, files)
    expect(drvs.map((path) => store.print(path))).toContain(drvPath)
    const top = store.parse(drvPath)
    expect((await store.closure([top])).size).toBe(fs.readdirSync(`${folder}/store/nix/store`).length)
    expect((await store.derivation(top)).builder).toBe("/bin/sh")
  })

  test("with something missing are refused", async () => {
    for (const part of ["-low.drv", "-src/a", "-text"]) {
      const store = storeOf()
      await expect(
        importDrvs(
          store,
          files.filter(({ path }) => !path.includes(part)),
        ),
      ).rejects.toMatchObject({ code: "invalid" })
      expect(await pathsIn(store)).toEqual([])
    }
  })

  test("with something changed are refused", async () => {
    for (const part of ["-top.drv", "-src/a", "-uses"]) {
      const store = storeOf()
      const changed = files.map((f) => (f.path.includes(part) ? file(f.path, "changed") : f))
      await expect(importDrvs(store, changed)).rejects.toMatchObject({ code: "invalid" })
      expect(await pathsIn(store)).toEqual([])
    }
  })

  test("need names of store objects", async () => {
    await expect(importDrvs(storeOf(), [file("top.drv", "x")])).rejects.toMatchObject({ code: "invalid" })
  })
})
