// Real Nix beside ours, at the same server and with stores in folders: the same paths, attributes and files. One skipped test that says
// so where there is no Nix.

import { execFileSync, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"
import { runNix } from "./record.ts"
import { startServer, type TestServer } from "./server.ts"

const isHere = spawnSync("nix-instantiate", ["--version"]).status === 0

if (!isHere) test.skip("real Nix: nix-instantiate is not on PATH", () => {})
else
  describe("real Nix", () => {
    const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-native-`))
    let server: TestServer

    const nix = async (expr: string): Promise<string> => {
      const config = "experimental-features = nix-command flakes\nsubstituters ="
      const env = { HOME: folder, XDG_CACHE_HOME: `${folder}/nix-cache`, NIX_PATH: "", NIX_CONFIG: config, TZ: "UTC" }
      const argv = ["nix-instantiate", "--eval", "--strict", "--json", "--store", `${folder}/nix`, "-E", expr]
      const { out, err, status } = await runNix(argv, env, folder)
      if (status !== 0) throw new Error(err)
      return out.trimEnd()
    }
    const us = async (expr: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
      const argv = ["--eval", "--strict", "--json", "--store", `${folder}/ours`, "-E", expr]
      const { out, err, status } = await runCommand(instantiate, argv, {
        cwd: folder,
        env: { XDG_CACHE_HOME: `${folder}/our-cache`, ...env },
      })
      if (status !== 0) throw new Error(err)
      return out.trimEnd()
    }

    /** Files of a store with permissions, times and contents. Names are byte strings. */
    const files = (root: string): unknown[] => {
      const found: unknown[] = []
      const walk = (dir: string, below: string): void => {
        const names = fs.readdirSync(Buffer.from(dir, "latin1"), { encoding: "buffer" }).map((name) => name.toString("latin1"))
        for (const name of names.filter((n) => n !== ".links").sort()) {
          const at = Buffer.from(`${dir}/${name}`, "latin1")
          const stat = fs.lstatSync(at)
          const link = stat.isSymbolicLink() ? fs.readlinkSync(at, { encoding: "buffer" }).toString("latin1") : ""
          found.push([`${below}/${name}`, stat.mode, Math.round(stat.mtimeMs), stat.isFile() ? fs.readFileSync(at, "latin1") : link])
          if (stat.isDirectory()) walk(`${dir}/${name}`, `${below}/${name}`)
        }
      }
      walk(`${root}/nix/store`, "")
      return found
    }

    const tree = (name: string): string =>
      `let t = builtins.fetchTree { type = "tarball"; url = "BASE/${name}"; }; in { inherit (t) outPath narHash lastModified lastModifiedDate; }`
    const local = (name: string): string =>
      `let t = builtins.fetchTree { type = "path"; path = "FOLDER/${name}"; }; in { inherit (t) outPath narHash lastModified lastModifiedDate; }`
    const exprs = [
      'builtins.fetchurl "BASE/hello.txt"',
      'builtins.fetchurl { url = "BASE/redirect/2/hello.txt"; name = "other"; }',
      'builtins.hashFile "sha256" (builtins.fetchurl "file://FOLDER/src/a")',
      'fetchTarball "BASE/plain.tar.gz"',
      'import (fetchTarball { url = "BASE/plain.tar.xz"; name = "n"; })',
      'fetchTarball "file://FOLDER/local.tar"',
      ...[
        "plain.tar",
        "plain.tar.bz2",
        "plain.tar.zst",
        "plain.zip",
        "no-dirs.tar",
        "hard-link-chain-back.tar",
        "pax-path.tar",
        "gnu-both.tar",
        "bytes.tar",
        "empty-dir.tar",
      ].map(tree),
      local("src"),
      'toString (builtins.path { path = fetchTarball "BASE/plain.tar.gz"; name = "again"; })',
    ]

    beforeAll(async () => {
      await initHashes()
      server = await startServer()
      fs.mkdirSync(`${folder}/src/dir`, { recursive: true })
      fs.writeFileSync(`${folder}/src/a`, "a \xff\0 b", "latin1")
      fs.writeFileSync(`${folder}/src/dir/run`, "#!/bin/sh\n", { mode: 0o700 })
      fs.symlinkSync("../nowhere", `${folder}/src/dir/link`)
      const { archives } = await import("./archives.ts")
      fs.writeFileSync(`${folder}/local.tar`, archives().get("plain.tar") as Uint8Array)
      for (const path of ["src/a", "src/dir/run"]) fs.utimesSync(`${folder}/${path}`, 1_500_000_000, 1_500_000_000)
      fs.lutimesSync(`${folder}/src/dir/link`, 1_400_000_000, 1_400_000_000)
      for (const path of ["src/dir", "src"]) fs.utimesSync(`${folder}/${path}`, 1_510_000_000, 1_510_000_000)
    })
    afterAll(async () => {
      await server.close()
      execFileSync("chmod", ["-R", "u+w", folder])
      fs.rmSync(folder, { recursive: true, force: true })
    })

    test.each(exprs)("%s", async (expr) => {
      const full = expr.replaceAll("BASE", server.base).replaceAll("FOLDER", folder)
      expect(JSON.parse(await us(full))).toEqual(JSON.parse(await nix(full)))
    })

    test("leaves the same files, and Nix 2.8 the archives beside them", () => {
      const native = new Set(files(`${folder}/nix`).map((entry) => JSON.stringify(entry)))
      const ours = files(`${folder}/ours`)
      expect(ours.length).toBeGreaterThan(30)
      expect(ours.filter((entry) => !native.has(JSON.stringify(entry)))).toEqual([])
    })

    test("what was fetched needs no network any more", async () => {
      const asked = server.asked.length
      await us(`fetchTarball "${server.base}/plain.tar.gz"`)
      expect(server.asked.length).toBe(asked)
    })
  })
