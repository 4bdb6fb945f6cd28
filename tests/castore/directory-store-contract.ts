// The contract of stores of directories, as one suite that every implementation runs: directoryStoreContract(name, make).
import { describe, expect } from "vitest"
import { type B3Digest, b3 } from "../../engine/castore/digest.ts"
import { directoryDigest, directoryNode, directoryOf, emptyDirectory } from "../../engine/castore/directory.ts"
import type { DirectoryStore } from "../../engine/castore/directory-store.ts"
import type { Directory, Node } from "../../engine/castore/node.ts"
import { allOf, bytesOf, codeOf, isDeleting, type Make, subjectTest, unknown } from "./contract.ts"

function file(text: string): Node {
  return { kind: "file", digest: b3(bytesOf(text)), size: text.length, executable: false }
}

/** Directories of a small tree, children first: two levels, one directory in two places. */
function sampleTree(): { readonly directories: Directory[]; readonly root: Directory } {
  const leaf = directoryOf([
    [".keep", file("")],
    ["link", { kind: "symlink", target: "../elsewhere" }],
  ])
  const middle = directoryOf([
    ["leaf", directoryNode(leaf)],
    ["file", { kind: "file", digest: b3(bytesOf("x")), size: 1, executable: true }],
  ])
  const root = directoryOf([
    ["a", directoryNode(leaf)],
    ["b", directoryNode(middle)],
    ["c", directoryNode(emptyDirectory)],
    ["caf\xc3\xa9", file("café")],
  ])
  return { directories: [leaf, emptyDirectory, middle, root], root }
}

async function walk(store: DirectoryStore, root: B3Digest): Promise<(readonly [B3Digest, Directory])[]> {
  const all: (readonly [B3Digest, Directory])[] = []
  for await (const item of store.getRecursive(root)) all.push(item)
  return all
}

/** What every store of directories promises. */
export function directoryStoreContract(name: string, make: Make<DirectoryStore>): void {
  const check = subjectTest(make)

  describe(`${name} keeps the contract of stores of directories`, () => {
    check("directories come back, with digests in the order given", async ({ store }, fill) => {
      const { directories } = sampleTree()
      const digests = await fill.putMany(directories)
      expect(digests).toEqual(directories.map(directoryDigest))
      expect((await store.getMany([...digests].reverse())).reverse().map((found) => [...found!])).toEqual(
        directories.map((own) => [...own]),
      )
      expect([...(await store.get(digests[3]!))!]).toEqual([...directories[3]!])
    })

    check("nothing in, nothing out", async ({ store }, fill) => {
      expect(await fill.putMany([])).toEqual([])
      expect(await store.getMany([])).toEqual([])
    })

    check("what is absent is null, in its place", async ({ store }, fill) => {
      const [empty] = await fill.putMany([emptyDirectory])
      expect(await store.get(unknown)).toBeNull()
      const [absent, found, again] = await store.getMany([unknown, empty!, unknown])
      expect([absent, again]).toEqual([null, null])
      expect(found?.size).toBe(0)
      expect(await walk(store, unknown)).toEqual([])
    })

    check("the same directory twice in a batch, and again later", async ({ store }, fill) => {
      const digests = await fill.putMany([emptyDirectory, emptyDirectory])
      expect(digests[0]).toBe(digests[1])
      expect(await fill.putMany([emptyDirectory])).toEqual([digests[0]])
      expect((await store.get(digests[0]!))?.size).toBe(0)
    })

    check("a walk gives parents before children, each once", async ({ store }, fill) => {
      const { directories, root } = sampleTree()
      await fill.putMany(directories)
      const found = await walk(store, directoryDigest(root))
      const order = found.map(([digest]) => digest)
      expect([...order].sort()).toEqual(directories.map(directoryDigest).sort())
      // As in Snix: each but the first has been named by one before it (not by all that name it).
      const named = new Set<B3Digest>([directoryDigest(root)])
      for (const [digest, directory] of found) {
        expect(named.has(digest)).toBe(true)
        expect(directoryDigest(directory)).toBe(digest)
        for (const node of directory.values()) if (node.kind === "directory") named.add(node.digest)
      }
      expect(await walk(store, directoryDigest(emptyDirectory))).toEqual([[directoryDigest(emptyDirectory), emptyDirectory]])
    })

    check("children may be stored in an earlier batch", async ({ store }, fill) => {
      const { directories, root } = sampleTree()
      for (const directory of directories) await fill.putMany([directory])
      expect((await walk(store, directoryDigest(root))).length).toBe(4)
    })

    check("a child that is nowhere, or given after its parent, is refused, and nothing of the batch stays", async ({ store }, fill) => {
      const { directories, root } = sampleTree()
      const [leaf, empty, middle] = directories
      expect(await codeOf(fill.putMany([empty!, root]))).toBe("invalid")
      expect(await codeOf(fill.putMany([leaf!, empty!, root, middle!]))).toBe("invalid")
      expect(await store.getMany(directories.map(directoryDigest))).toEqual([null, null, null, null])
    })

    check("a child of another size than its parent tells is refused", async ({ store }, fill) => {
      const { directories } = sampleTree()
      const leaf = directories[0]!
      const liar: Directory = new Map([["leaf", { ...directoryNode(leaf), size: 3 }]])
      expect(await codeOf(fill.putMany([leaf, liar]))).toBe("invalid")
      await fill.putMany([leaf])
      expect(await codeOf(fill.putMany([liar]))).toBe("invalid")
      expect(await store.get(directoryDigest(liar))).toBeNull()
    })

    check("directories that break a rule are refused, and nothing of the batch stays", async ({ store }, fill) => {
      const broken: Directory[] = [
        new Map([["", file("")]]),
        new Map([["..", file("")]]),
        new Map([["a/b", file("")]]),
        new Map([["a\0", file("")]]),
        new Map([["n".repeat(256), file("")]]),
        new Map([
          ["b", file("")],
          ["a", file("")],
        ]),
        new Map([["l", { kind: "symlink", target: "" }]]),
        new Map([["l", { kind: "symlink", target: "t".repeat(4096) }]]),
        new Map([["f", { ...file(""), size: -1 } as Node]]),
        new Map([["f", { ...file(""), digest: "af13" as B3Digest } as Node]]),
      ]
      for (const directory of broken) expect(await codeOf(fill.putMany([emptyDirectory, directory]))).toBe("invalid")
      expect(await store.get(directoryDigest(emptyDirectory))).toBeNull()
    })

    check("names of any bytes and of the longest size", async ({ store }, fill) => {
      const directory = directoryOf([
        ["\xff\xfe", file("1")],
        ["n".repeat(255), { kind: "symlink", target: "t".repeat(4095) }],
        [" ", file("2")],
      ])
      const [digest] = await fill.putMany([directory])
      expect([...(await store.get(digest!))!]).toEqual([...directory])
    })

    check("many directories in one batch, deep and wide", async ({ store }, fill) => {
      const directories: Directory[] = [emptyDirectory]
      let deepest = emptyDirectory
      for (let i = 0; i < 50; i++) {
        deepest = directoryOf([[`level${i}`, directoryNode(deepest)]])
        directories.push(deepest)
      }
      const wide: [string, Node][] = [["deep", directoryNode(deepest)]]
      for (let i = 0; i < 1000; i++) {
        const one = directoryOf([[`file${i}`, file(`${i}`)]])
        directories.push(one)
        wide.push([`wide${i}`, directoryNode(one)])
      }
      directories.push(directoryOf(wide))
      const digests = await fill.putMany(directories)
      expect((await walk(store, digests.at(-1)!)).length).toBe(1052)
    })

    check("batches at the same time do not disturb each other", async ({ store }, fill) => {
      const trees = [1, 2, 3, 4].map((i) => {
        const leaf = directoryOf([[`leaf${i}`, file(`${i}`)]])
        return [
          leaf,
          emptyDirectory,
          directoryOf([
            ["a", directoryNode(leaf)],
            ["b", directoryNode(emptyDirectory)],
          ]),
        ]
      })
      const digests = await Promise.all(trees.map((tree) => fill.putMany(tree)))
      for (const [, , root] of digests) expect((await walk(store, root!)).length).toBe(3)
    })

    check("what was stored is there after a reload", async ({ reopen }, fill) => {
      if (reopen === undefined) return
      const { directories, root } = sampleTree()
      await fill.putMany(directories)
      expect((await walk(await reopen(), directoryDigest(root))).length).toBe(4)
    })

    check("damaged directories are never handed out", async ({ store, damage }, fill) => {
      if (damage === undefined) return
      const { directories, root } = sampleTree()
      const digests = await fill.putMany(directories)
      await damage(digests[2]!)
      expect(await codeOf(store.get(digests[2]!))).toBe("damaged")
      expect(await codeOf(store.getMany([digests[0]!, digests[2]!]))).toBe("damaged")
      expect(await codeOf(walk(store, directoryDigest(root)))).toBe("damaged")
      expect((await store.get(digests[3]!))?.size).toBe(4)
    })

    check("a damaged directory that is stored again is sound", async ({ store, damage, repairs }, fill) => {
      if (damage === undefined || repairs !== true) return
      const { directories, root } = sampleTree()
      const digests = await fill.putMany(directories)
      await damage(digests[0]!)
      expect(await codeOf(store.get(digests[0]!))).toBe("damaged")
      await fill.putMany(directories)
      expect((await walk(store, directoryDigest(root))).length).toBe(4)
    })

    check("a walk fails where a child was removed; what is removed is gone and can be stored again", async ({ store }, fill) => {
      if (!isDeleting(fill)) return
      const { directories, root } = sampleTree()
      const digests = await fill.putMany(directories)
      expect(await allOf(fill)).toEqual(new Set(digests))
      await fill.deleteMany([digests[0]!, unknown])
      expect(await store.get(digests[0]!)).toBeNull()
      expect(await codeOf(walk(store, directoryDigest(root)))).toBe("absent")
      await fill.putMany([directories[0]!])
      expect((await walk(store, directoryDigest(root))).length).toBe(4)
      await fill.deleteMany(digests)
      expect((await allOf(fill)).size).toBe(0)
    })
  })
}
