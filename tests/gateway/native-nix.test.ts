// Real Nix and the gateway's binary cache: it substitutes with signatures required, and copies to it. One
// skipped test that says so where there is no Nix.
import { execFile, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printKey, publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { parseStorePath, printStorePath } from "../../engine/formats/store-path/store-path.ts"
import { Store } from "../../engine/store/store.ts"
import { addOutput, fakePath, joined, memoryStore } from "../store/memory-store.ts"
import { type RunningGateway, startGateway } from "./server.ts"

const isHere = spawnSync("nix-store", ["--version"]).status === 0

if (!isHere) test.skip("real Nix: nix-store is not on PATH", () => {})
else
  describe("real Nix", { timeout: 300_000 }, () => {
    const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-gateway-`))
    const secret = secretKeyFromSeed("gateway-1", new Uint8Array(32).fill(5))
    const key = printKey(publicKeyOf(secret))
    const token = "a-token-for-the-netrc-file"

    /** Not synchronously: the gateway runs in this process. What Nix remembers of caches is in the home folder. */
    const runAt = (home: string, program: string, ...argv: string[]): Promise<{ ok: boolean; stdout: string; stderr: string }> => {
      const config = "experimental-features = nix-command\nsubstituters =\nsandbox = false\nbuild-users-group =\n"
      const env = { ...process.env, HOME: home, NIX_PATH: "", NIX_CONFIG: config }
      return new Promise((resolve) =>
        execFile(program, argv, { encoding: "latin1", cwd: folder, env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) =>
          resolve({ ok: error === null, stdout, stderr }),
        ),
      )
    }
    const run = (program: string, ...argv: string[]) => runAt(folder, program, ...argv)
    const nix = (program: string, ...argv: string[]) => nixAt(folder, program, ...argv)
    const nixAt = async (home: string, program: string, ...argv: string[]): Promise<string> => {
      const { ok, stdout, stderr } = await runAt(home, program, ...argv)
      if (!ok) throw new Error(`${program} ${argv.join(" ")}: ${stderr}`)
      return stdout
    }

    beforeAll(initHashes)
    afterAll(() => {
      spawnSync("chmod", ["-R", "u+w", folder])
      fs.rmSync(folder, { recursive: true, force: true })
    })

    async function sample(): Promise<{ gateway: RunningGateway; top: string; all: string[] }> {
      const store = memoryStore()
      const low = await addOutput(store, "low", {
        "bin/run": "#!/bin/sh\necho hi\n",
        "share/link": "-> ../bin/run",
        "share/large": new Uint8Array(3_000_000).fill(65),
      })
      const top = await addOutput(store, "top", { self: `/nix/store/${fakePath("top")} /nix/store/${low}` }, [low, fakePath("top")])
      return {
        gateway: await startGateway({ stores: store.stores, signingKey: secret }),
        top: printStorePath(top),
        all: [low, top].map((path) => printStorePath(path)).sort(),
      }
    }

    test("copies a closure from it, with signatures required", async () => {
      const { gateway, top, all } = await sample()
      const root = `${folder}/copied`
      await nix("nix", "copy", "--from", gateway.url, "--to", root, "--option", "require-sigs", "true", "--trusted-public-keys", key, top)
      expect((await nix("nix-store", "--store", root, "--query", "--requisites", top)).trim().split("\n").sort()).toEqual(all)
      await nix("nix-store", "--store", root, "--verify", "--check-contents")
      const refused = await run("nix", "copy", "--from", gateway.url, "--to", `${folder}/refused`, "--trusted-public-keys", "", top)
      expect(refused.ok).toBe(false)
      expect(refused.stderr).toContain("lacks a")
      expect(gateway.faults).toEqual([])
      await gateway.close()
    })

    test("substitutes from it", async () => {
      const { gateway, top } = await sample()
      const root = `${folder}/substituted`
      const options = ["--option", "substituters", gateway.url, "--option", "trusted-public-keys", key, "--option", "require-sigs", "true"]
      await nix("nix-store", "--store", root, ...options, "--realise", top)
      expect(fs.readFileSync(`${root}${top}/self`, "utf8")).toContain(top)
      expect(await nix("nix", "path-info", "--store", gateway.url, "--json", top)).toContain('"gateway-1:')
      await gateway.close()
    })

    test("copies to it uncompressed, and from it again", async () => {
      const gateway = await startGateway({ signingKey: secret })
      const root = `${folder}/native`
      fs.mkdirSync(`${folder}/tree/dir`, { recursive: true })
      fs.writeFileSync(`${folder}/tree/dir/run`, "#!/bin/sh\n", { mode: 0o755 })
      fs.writeFileSync(`${folder}/tree/large`, Buffer.from(Array.from({ length: 900_000 }, (_, i) => (i * i) >> 3)))
      const expression = 'builtins.toFile "top" "${./tree}"'
      const top: string = JSON.parse(
        await nix("nix-instantiate", "--store", root, "--eval", "--read-write-mode", "--strict", "--json", "-E", expression),
      )
      await nix("nix", "copy", "--from", root, "--to", `${gateway.url}?compression=none`, "--no-check-sigs", top)
      const requisites = async (at: string) =>
        (await nix("nix-store", "--store", at, "--query", "--requisites", top)).trim().split("\n").sort()
      const ours = new Store(gateway.stores, { now: () => 0 })
      const closure = await ours.closure([parseStorePath(top)])
      expect([...closure.keys()].map((path) => printStorePath(path)).sort()).toEqual(await requisites(root))
      for (const path of closure.keys()) {
        const dump = spawnSync("nix-store", ["--dump", `${root}${printStorePath(path)}`], { maxBuffer: 2 ** 28 }).stdout
        expect((await joined(ours.nar(path))).equals(dump)).toBe(true)
      }
      const back = `${folder}/back`
      await nix("nix", "copy", "--from", gateway.url, "--to", back, "--trusted-public-keys", key, top)
      expect(await requisites(back)).toEqual(await requisites(root))
      expect(gateway.faults).toEqual([])
      await gateway.close()
    })

    // Nix says nothing of the compression where it is the default, xz.
    test.each(["", "?compression=none", "?compression=gzip", "?compression=bzip2", "?compression=zstd", "?compression=br"])(
      "copies a build to it with '%s' and asks for the same files again; others get it with signatures required",
      async (parameters) => {
        const gateway = await startGateway({ signingKey: secret })
        const name = parameters.replace(/\W/g, "")
        const root = `${folder}/built`
        const expression = `let sh = name: script: derivation { inherit name; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" script ]; };
          low = sh "low" "n=0; while [ $n -lt 20000 ]; do echo $((n * n)); n=$((n + 1)); done > $out"; in sh "top" "echo \${low} $out > $out"`
        const shell = ["--option", "sandbox-paths", "/bin/sh=/bin/busybox"]
        const top = (await nix("nix-build", "--store", root, "--no-out-link", ...shell, "-E", expression)).trim()
        await nix("nix", "copy", "--from", root, "--to", `${gateway.url}${parameters}`, top)
        const requisites = async (at: string) =>
          (await nix("nix-store", "--store", at, "--query", "--requisites", top)).trim().split("\n").sort()
        // Where it was put from, the narinfos are remembered, with the names of the files.
        const again = `${folder}/again-${name}`
        await nix("nix", "copy", "--from", gateway.url, "--to", again, "--no-check-sigs", top)
        const other = `${folder}/other-${name}`
        const cache = ["--option", "require-sigs", "true", "--trusted-public-keys", key]
        await nixAt(`${folder}/home-${name}`, "nix", "copy", "--from", gateway.url, "--to", other, ...cache, top)
        for (const at of [again, other]) {
          expect(await requisites(at)).toEqual(await requisites(root))
          await nix("nix-store", "--store", at, "--verify", "--check-contents")
        }
        const asked = [...gateway.requests].filter((request) => request.startsWith("GET /nar/"))
        const suffix = { none: "", gzip: "", bzip2: "\\.bz2", zstd: "\\.zst", br: "\\.br" }[name.replace("compression", "")] ?? "\\.xz"
        expect(asked.filter((request) => new RegExp(`^GET /nar/\\w{52}\\.nar${suffix}$`).test(request))).toHaveLength(2)
        expect(asked.filter((request) => request.startsWith("GET /nar/snix-castore/"))).toHaveLength(2)
        expect(gateway.faults).toEqual([])
        await gateway.close()
      },
    )

    test("shows a token from a netrc file", async () => {
      const { gateway: open, top } = await sample()
      const gateway = await startGateway({ stores: open.stores, signingKey: secret, access: { origins: [], hosts: [], tokens: [token] } })
      const netrc = `${folder}/netrc`
      const copy = (to: string) =>
        run("nix", "copy", "--from", gateway.url, "--to", to, "--option", "netrc-file", netrc, "--trusted-public-keys", key, top)
      fs.writeFileSync(netrc, "machine 127.0.0.1 login nix password wrong-but-long-enough\n")
      expect((await copy(`${folder}/without`)).ok).toBe(false)
      fs.writeFileSync(netrc, `machine 127.0.0.1 login nix password ${token}\n`)
      expect(await copy(`${folder}/with`)).toMatchObject({ ok: true })
      await gateway.close()
      await open.close()
    })
  })
