// Real Nix beside ours: the files that --store leaves are those it writes, and it takes ours for its own. One skipped test that
// says so where there is no Nix.

import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { nar } from "../../engine/cli/nar.ts"
import { store } from "../../engine/cli/store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"

const isHere = spawnSync("nix-store", ["--version"]).status === 0

if (!isHere) test.skip("real Nix: nix-store is not on PATH", () => {})
else
  describe("real Nix", () => {
    const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-native-`))
    const ours = `${folder}/ours`
    const native = `${folder}/native`

    const nix = (program: string, ...argv: string[]): string => {
      const env = { ...process.env, HOME: folder, NIX_PATH: "", NIX_CONFIG: "experimental-features = nix-command" }
      const { status, stdout, stderr } = spawnSync(program, argv, { encoding: "latin1", cwd: folder, env })
      if (status !== 0) throw new Error(stderr)
      return stdout
    }
    const us = async (...argv: string[]): Promise<string> => (await runCommand(instantiate, argv, { cwd: folder })).out

    /** Files with permissions, times and contents. */
    const files = (root: string): unknown => {
      const dir = `${root}/nix/store`
      const list = fs
        .readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((e) => !`${e.parentPath}/${e.name}/`.includes("/.links/"))
      return list
        .map((entry) => {
          const path = `${entry.parentPath}/${entry.name}`
          const stat = fs.lstatSync(path)
          const content = entry.isFile() ? fs.readFileSync(path, "latin1") : entry.isSymbolicLink() ? fs.readlinkSync(path) : ""
          return [path.slice(dir.length), stat.mode, Math.round(stat.mtimeMs), content]
        })
        .sort()
    }

    const expr = `let
        hello = builtins.toFile "hello" "hello";
        d = name: attrs: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/sh"; } // attrs);
        fixed = d "fixed" { outputHash = builtins.hashString "sha256" "x"; outputHashAlgo = "sha256"; };
        low = d "low" { inherit hello fixed; src = ./src; outputs = [ "out" "dev" ]; };
      in [
        (d "top" { inherit low; args = [ "-e" (builtins.toFile "uses" "\${hello} \${./src/a}") ]; filtered = builtins.filterSource (p: t: t != "symlink") ./src; })
        (d "deep" { all = low.drvPath; only = builtins.unsafeDiscardOutputDependency fixed.drvPath; })
        (d "structured" { __structuredAttrs = true; list = [ 1 true "a\\nb" ]; dev = low.dev; })
      ]`

    beforeAll(async () => {
      await initHashes()
      fs.mkdirSync(`${folder}/src/dir`, { recursive: true })
      fs.writeFileSync(`${folder}/src/a`, "a \xff\0 b", "latin1")
      fs.writeFileSync(`${folder}/src/dir/run`, "#!/bin/sh\n", { mode: 0o700 })
      fs.symlinkSync("../nowhere", `${folder}/src/dir/link`)
    })
    afterAll(() => {
      spawnSync("chmod", ["-R", "u+w", folder])
      fs.rmSync(folder, { recursive: true, force: true })
    })

    test("writes the same files", async () => {
      expect(await us("--store", ours, "-E", expr)).toBe(nix("nix-instantiate", "--store", native, "-E", expr))
      expect(files(ours)).toEqual(files(native))
    })

    test("takes our store for its own", async () => {
      const roots = (await us("--store", ours, "-E", expr)).trim().split("\n")
      const registration = fs.readFileSync(`${ours}/nix/var/thunkpad/registration`)
      expect(spawnSync("nix-store", ["--store", ours, "--load-db"], { input: registration }).status).toBe(0)
      nix("nix-store", "--store", ours, "--verify", "--check-contents")
      for (const root of roots) {
        for (const [query, command] of [
          ["--tree", ["tree"]],
          ["--requisites", ["requisites"]],
          ["--graph", ["graph"]],
        ] as const)
          expect((await runCommand(store, [...command, "--store", ours, root])).out).toBe(
            nix("nix-store", "--store", ours, "--query", query, root),
          )
      }
    })

    test("dumps the same archives and restores ours", async () => {
      const archive = (await runCommand(nar, ["dump", `${folder}/src`])).out
      expect(archive).toBe(nix("nix-store", "--dump", `${folder}/src`))
      expect(spawnSync("nix-store", ["--restore", `${folder}/restored`], { input: Buffer.from(archive, "latin1") }).status).toBe(0)
      expect((await runCommand(nar, ["dump", `${folder}/restored`])).out).toBe(archive)
    })
  })
