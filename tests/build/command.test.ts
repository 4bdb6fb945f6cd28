// `thunkpad build`: what is in a folder is built at a gateway with bubblewrap, and is in the folder afterwards, as real Nix sees it. One
// skipped test where bubblewrap is missing.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { build } from "../../engine/cli/build.ts"
import { runReporting } from "../../engine/cli/command.ts"
import { Session } from "../../engine/cli/session.ts"
import { Building, missing, prelude, toolFiles } from "./building.ts"

if (missing !== undefined) test.skip(`thunkpad build: ${missing}`, () => {})
else
  describe("thunkpad build", { timeout: 300_000 }, () => {
    let building: Building
    beforeAll(async () => {
      building = await new Building().start()
      fs.mkdirSync(`${building.folder}/tools`)
      for (const [path, file] of Object.entries(toolFiles())) {
        if (typeof file === "string") continue
        if ("symlink" in file) fs.symlinkSync(file.symlink, `${building.folder}${path}`)
        else fs.writeFileSync(`${building.folder}${path}`, file.text, { encoding: "latin1", mode: 0o755 })
      }
    })
    afterAll(() => building?.remove())

    async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
      const written = ["", "", ""]
      const session = new Session({
        cwd: building.folder,
        env: {},
        color: false,
        write: (fd, text) => {
          written[fd] += text
        },
        stdin: () => "",
      })
      const status = await runReporting(build, ["--endpoint", building.url, "--store", `${building.folder}/store`, ...argv], session)
      return { status, out: written[1]!, err: written[2]! }
    }
    const expr = (text: string): string => `${prelude.replace("/tools;", `${building.folder}/tools;`)} ${text}`

    test("outputs are in the folder, with what they refer to; the second time nothing is built", async () => {
      const text = expr(`sh "top" { low = sh "low" { } "echo from low; echo low > $out"; } "mkdir $out; ln -s $low $out/low"`)
      const { status, out, err } = await run("--expr", text)
      expect(err).toContain("low> from low\n")
      expect(status).toBe(0)
      const path = out.trim()
      expect(fs.readFileSync(`${building.folder}/store${fs.readlinkSync(`${building.folder}/store${path}/low`)}`, "utf8")).toBe("low\n")
      const again = await run("--expr", text)
      expect([again.status, again.out, again.err]).toEqual([0, out, ""])
      if (spawnSync("nix-store", ["--version"]).status !== 0) return
      const registration = fs.readFileSync(`${building.folder}/store/nix/var/thunkpad/registration`)
      const nix = (...args: string[]) =>
        spawnSync("nix-store", ["--store", `${building.folder}/store`, ...args], { input: registration, encoding: "utf8" })
      expect(nix("--load-db").status).toBe(0)
      expect(nix("--verify", "--check-contents").stderr).not.toContain("modified")
      expect(nix("--query", "--references", path).stdout).toMatch(/^\/nix\/store\/[a-z0-9]{32}-low\n$/)
    })

    test("a failure is told with the last lines of its log", async () => {
      const { status, out, err } = await run(
        "--keep-going",
        "--expr",
        expr(`[ (sh "bad" { } "echo alas; exit 2") (sh "good" { } "echo > $out") ]`),
      )
      expect(status).toBe(1)
      expect(out).toMatch(/-good\n$/)
      expect(err).toMatch(/error: Cannot build '.*-bad\.drv'\.\nReason: builder failed with exit code 2\.\nLast 1 log line:\n> alas\n/)
    })

    test("what is not given or not there is said", async () => {
      expect((await run("/nix/store/00000000000000000000000000000000-x.drv")).err).toContain("is not valid")
      await expect(run()).rejects.toThrow("at least one derivation is wanted")
    })
  })
