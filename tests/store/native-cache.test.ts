// Real Nix beside ours: it substitutes what we export, with signatures required, and we substitute what it exports, by HTTP and in all
// its compressions. One skipped test that says so where there is no Nix.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parsePublicKey, printKey, publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { parseStorePath, printStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { BinaryCache } from "../../engine/store/binary-cache.ts"
import { exportClosure } from "../../engine/store/cache-export.ts"
import { uploadSink } from "../../engine/store/cache-upload.ts"
import { exportZip } from "../../engine/store/cache-zip.ts"
import type { Store } from "../../engine/store/store.ts"
import { Substituter } from "../../engine/store/substitute.ts"
import { folderSink, serveCache } from "./cache-server.ts"
import { addOutput, fakePath, joined, memoryStore, storeTree } from "./memory-store.ts"

const isHere = spawnSync("nix-store", ["--version"]).status === 0

if (!isHere) test.skip("real Nix: nix-store is not on PATH", () => {})
else
  describe("real Nix", { timeout: 120_000 }, () => {
    const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-cache-`))
    const secret = secretKeyFromSeed("ours-1", new Uint8Array(32).fill(7))
    const stranger = secretKeyFromSeed("native-1", new Uint8Array(32).fill(9))
    const ours = printKey(publicKeyOf(secret))

    const run = (program: string, ...argv: string[]): { status: number | null; stdout: string; stderr: string } => {
      const config = "experimental-features = nix-command ca-derivations\nsubstituters =\nsandbox = false\n"
      const env = { ...process.env, HOME: folder, NIX_PATH: "", NIX_CONFIG: config }
      return spawnSync(program, argv, { encoding: "latin1", cwd: folder, env })
    }
    const nix = (program: string, ...argv: string[]): string => {
      const { status, stdout, stderr } = run(program, ...argv)
      if (status !== 0) throw new Error(`${program} ${argv.join(" ")}: ${stderr}`)
      return stdout
    }
    const copyFrom = (cache: string, root: string, path: string, key: string) =>
      run("nix", "copy", "--from", cache, "--to", root, "--option", "require-sigs", "true", "--trusted-public-keys", key, path)

    beforeAll(initHashes)
    afterAll(() => {
      spawnSync("chmod", ["-R", "u+w", folder])
      fs.rmSync(folder, { recursive: true, force: true })
    })

    /** A store with what there is: outputs that refer to themselves and to others, texts, sources by each method. */
    async function sample(): Promise<{ store: Store; top: StorePath }> {
      const store = memoryStore()
      const low = await addOutput(store, "low-1.0", {
        "bin/run": "#!/bin/sh\necho low\n",
        "share/link": "-> ../bin/run",
        "share/empty": "",
        "share/large": new Uint8Array(1_500_000).fill(65),
        "share/\xc3\xa4": "UTF-8",
      })
      const selfish = fakePath("selfish-2")
      await addOutput(store, "selfish-2", { self: `/nix/store/${selfish} /nix/store/${low}` }, [selfish, low])
      const text = await store.addText("text", `see /nix/store/${selfish}`, [selfish])
      const source = await store.addTree(await storeTree(store.stores, { a: "a", "dir/b": "b" }), "source")
      const flat = await store.addTree(await storeTree(store.stores, "#!flat"), "flat", { method: "flat" })
      const sha1 = await store.addTree(await storeTree(store.stores, { x: "x" }), "sha1", { algo: "sha1" })
      const references = [text, source, flat, sha1, low]
      const top = await addOutput(store, "top", { all: references.map((path) => `/nix/store/${path}`).join("\n") }, references)
      return { store, top }
    }

    test.each(["none", "gzip"] as const)("substitutes what we export (%s), with signatures required", async (compression) => {
      const { store, top } = await sample()
      const cache = `${folder}/ours-${compression}`
      await exportClosure(store, [top], folderSink(cache), { compression, secretKeys: [secret] })
      const root = `${folder}/root-${compression}`
      const copied = copyFrom(`file://${cache}`, root, `/nix/store/${top}`, ours)
      expect(copied.stderr).not.toContain("error")
      expect(copied.status).toBe(0)
      nix("nix-store", "--store", root, "--verify", "--check-contents")
      const closure = nix("nix-store", "--store", root, "--query", "--requisites", `/nix/store/${top}`).trim().split("\n")
      expect(closure.sort()).toEqual([...(await store.closure([top])).keys()].map((path) => printStorePath(path)).sort())
      expect(fs.readFileSync(`${root}/nix/store/${fakePath("low-1.0")}/share/\xe4`, "utf8")).toBe("UTF-8")
    })

    test("refuses what we export without a signature that it trusts", async () => {
      const { store, top } = await sample()
      const cache = `${folder}/unsigned`
      await exportClosure(store, [top], folderSink(cache), {})
      const copied = copyFrom(`file://${cache}`, `${folder}/root-unsigned`, `/nix/store/${top}`, ours)
      expect(copied.status).not.toBe(0)
      expect(copied.stderr).toContain("lacks a")
    })

    const unzips = spawnSync("python3", ["--version"]).status === 0
    test.skipIf(!unzips)(
      `substitutes from a zip file of ours, unpacked by another program${unzips ? "" : ": python3 is not on PATH"}`,
      async () => {
        const { store, top } = await sample()
        const file = `${folder}/cache.zip`
        fs.writeFileSync(file, await joined(exportZip(store, [top], { secretKeys: [secret] })))
        const script = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])"
        expect(spawnSync("python3", ["-c", script, file, `${folder}/unzipped`]).status).toBe(0)
        const root = `${folder}/root-zip`
        expect(copyFrom(`file://${folder}/unzipped`, root, `/nix/store/${top}`, ours).status).toBe(0)
        nix("nix-store", "--store", root, "--verify", "--check-contents")
      },
    )

    test("substitutes over HTTP what we uploaded there", async () => {
      const { store, top } = await sample()
      const cache = `${folder}/uploaded`
      fs.mkdirSync(cache)
      const server = await serveCache(cache)
      try {
        await exportClosure(store, [top], uploadSink(server.url), { secretKeys: [secret] })
        const puts = server.requests.filter((line) => line.startsWith("PUT ")).length
        await exportClosure(store, [top], uploadSink(server.url), { secretKeys: [secret] })
        expect(server.requests.filter((line) => line.startsWith("PUT "))).toHaveLength(puts)
        expect(copyFrom(`file://${cache}`, `${folder}/root-upload`, `/nix/store/${top}`, ours).status).toBe(0)
      } finally {
        await server.close()
      }
    })

    describe("its own cache", () => {
      const native = `${folder}/native`
      const keys = { secret: `${folder}/secret`, public: "" }
      let tops: string[] = []

      beforeAll(async () => {
        fs.mkdirSync(`${folder}/tree/dir/deep`, { recursive: true })
        fs.writeFileSync(`${folder}/tree/dir/run`, "#!/bin/sh\n", { mode: 0o755 })
        fs.writeFileSync(`${folder}/tree/dir/deep/bytes`, Buffer.from(Array.from({ length: 700_000 }, (_, i) => (i * i) >> 3)))
        fs.symlinkSync("../dir", `${folder}/tree/dir/link`)
        nix("nix-store", "--generate-binary-cache-key", "native-1", keys.secret, `${folder}/public`)
        keys.public = fs.readFileSync(`${folder}/public`, "latin1").trim()
        const expression = `let
          tree = ./tree;
          low = builtins.toFile "low" "\${tree}";
          drv = derivation { name = "d"; builder = "/bin/sh"; system = "x"; inherit tree low; };
        in builtins.toFile "top" "\${low} \${builtins.unsafeDiscardOutputDependency drv.drvPath}"`
        const top = JSON.parse(
          nix("nix-instantiate", "--store", native, "--eval", "--read-write-mode", "--strict", "--json", "-E", expression),
        )
        // Objects whose paths do not follow from their contents: ours.
        const { store, top: output } = await sample()
        await exportClosure(store, [output], folderSink(`${folder}/to-native`), { secretKeys: [secret] })
        expect(copyFrom(`file://${folder}/to-native`, native, `/nix/store/${output}`, ours).status).toBe(0)
        tops = [top, `/nix/store/${output}`]
        nix("nix", "store", "sign", "--store", native, "--recursive", "--key-file", keys.secret, ...tops)
      })

      test.each(["none", "gzip", "xz", "zstd", "bzip2", "br"])("gives us its closure (%s)", async (compression) => {
        const cache = `${folder}/native-${compression}`
        nix("nix", "copy", "--from", native, "--to", `file://${cache}?compression=${compression}`, "--no-check-sigs", ...tops)
        const server = await serveCache(cache)
        try {
          const store = memoryStore()
          const publicKeys = [parsePublicKey(keys.public)]
          const substituter = new Substituter(store, [new BinaryCache({ url: server.url, publicKeys })])
          const paths = tops.map((top) => parseStorePath(top))
          await substituter.substitute(paths)
          const closure = await store.closure(paths)
          const expected = nix("nix-store", "--store", native, "--query", "--requisites", ...tops)
            .trim()
            .split("\n")
            .sort()
          expect([...closure.keys()].map((one) => printStorePath(one)).sort()).toEqual(expected)
          for (const one of closure.keys()) {
            const dumped = spawnSync("nix-store", ["--store", native, "--dump", `${native}${printStorePath(one)}`], { maxBuffer: 2 ** 26 })
            expect(Buffer.compare(await joined(store.nar(one)), dumped.stdout)).toBe(0)
          }
          const drv = [...closure.keys()].find((one) => one.endsWith(".drv"))!
          expect((await store.derivation(drv)).builder).toBe("/bin/sh")
          const unknown = new Substituter(memoryStore(), [new BinaryCache({ url: server.url, publicKeys: [publicKeyOf(stranger)] })])
          await expect(unknown.substitute(paths)).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining("not signed") })
        } finally {
          await server.close()
        }
      })
    })
  })
