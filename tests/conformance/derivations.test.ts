// Derivations from Nix code to the bytes of their files: what Nix 2.34 made of 76 expressions, the "advanced attributes" of
// Nix's own tests, and the graphs of nix-diff. Each by closures and by the stepper.

import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"
import { describeShared } from "../shared.ts"

interface Case {
  readonly error?: string
  readonly drvPath: string
  /** What nix-instantiate prints. */
  readonly instantiate: string
  readonly outPaths: Readonly<Record<string, string>>
  /** builtins.getContext of outPath. */
  readonly context: unknown
  readonly xp?: readonly string[]
  readonly inputDrvs?: Readonly<Record<string, string>>
}

let folder = ""

beforeAll(async () => {
  await initHashes()
  folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-drvs-`))
})

afterAll(() => {
  // Folders of a store are read-only.
  for (const name of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (name.isDirectory()) fs.chmodSync(`${name.parentPath}/${name.name}`, 0o755)
  fs.rmSync(folder, { recursive: true, force: true })
})

function drvIn(store: string, path: string): string {
  return fs.readFileSync(`${store}${path}`, "latin1")
}

describeShared("derivations of the oracle", "conformance/oracle-2.34/derivations", (data) => {
  const index = JSON.parse(fs.readFileSync(`${data}/index.json`, "utf8")) as Record<string, Case>
  const cases = Object.entries(index)
  const good = cases.filter(([, c]) => c.error === undefined)

  beforeAll(() => {
    fs.cpSync(`${data}/cases`, `${folder}/cases`, { recursive: true })
    const chmod = (path: string, mode: number): void => fs.chmodSync(`${folder}/cases/${path}`, mode)
    for (const dir of ["", "src", "src/sub"]) chmod(dir, 0o755)
    const links = JSON.parse(fs.readFileSync(`${data}/SYMLINKS.json`, "utf8")) as Record<string, string>
    for (const [path, target] of Object.entries(links)) {
      fs.rmSync(`${folder}/${path}`, { force: true })
      fs.symlinkSync(target, `${folder}/${path}`)
    }
  })

  test("there are 76 of them", () => {
    expect([cases.length, good.length]).toEqual([76, 74])
  })

  for (const run of ["closures", "stepper"]) {
    const flags = (c: Case): string[] => [
      "--run",
      run,
      ...(c.xp === undefined ? [] : ["--option", "extra-experimental-features", c.xp.join(" ")]),
    ]

    test(`written files, ${run}`, { timeout: 60_000 }, async () => {
      const store = `${folder}/${run}`
      const wrong: unknown[] = []
      for (const [name, c] of good) {
        const { status, out, err } = await runCommand(instantiate, [...flags(c), "--store", store, `${folder}/cases/${name}.nix`])
        if (status !== 0 || out !== `${c.instantiate}\n`) wrong.push({ name, out, err })
        else if (drvIn(store, c.drvPath) !== fs.readFileSync(`${data}/drv/${name}.drv`, "latin1")) wrong.push({ name, bytes: "differ" })
        else
          for (const [path, text] of Object.entries(c.inputDrvs ?? {}))
            if (Buffer.from(drvIn(store, path), "latin1").toString() !== text) wrong.push({ name, path })
      }
      expect(wrong).toEqual([])
    })

    test(`paths and contexts without a store, ${run}`, { timeout: 60_000 }, async () => {
      const wrong: unknown[] = []
      for (const [name, c] of good) {
        const expr = `let f = import ${folder}/cases/${name}.nix; d = if builtins.isFunction f then f { } else f;
          in { inherit (d) drvPath; outPaths = builtins.listToAttrs (map (o: { name = o; value = d.\${o}.outPath; }) (d.outputs or [ "out" ]));
               context = builtins.getContext d.outPath; }`
        const { out, err } = await runCommand(instantiate, [...flags(c), "--eval", "--strict", "--json", "-E", expr])
        const { drvPath, outPaths, context } = c
        try {
          expect(JSON.parse(out)).toEqual({ drvPath, outPaths, context })
        } catch (e) {
          wrong.push({ name, out, err, wanted: { drvPath, outPaths, context }, e: String(e).slice(0, 300) })
        }
      }
      expect(wrong).toEqual([])
    })
  }

  test("what is refused is refused in Nix's words", async () => {
    for (const [name, c] of cases) {
      if (c.error === undefined) continue
      const { status, err } = await runCommand(instantiate, [`${folder}/cases/${name}.nix`])
      expect(status).toBe(1)
      expect(err).toContain(c.error.replace("error: ", "").replace("/base/derivations", folder))
    }
  })
})

describeShared("advanced attributes", "conformance/derivation-advanced-attributes", (data) => {
  test("all eight files", async () => {
    const store = `${folder}/advanced`
    let count = 0
    for (const kind of ["ia", "ca"])
      for (const file of fs.readdirSync(`${data}/${kind}`)) {
        const expr = fs.readFileSync(`${data}/${file.replace(/drv$/, "nix")}`, "utf8")
        const argv = [
          "--option",
          "extra-experimental-features",
          "ca-derivations",
          "--pure-eval",
          "--arg",
          "contentAddress",
          String(kind === "ca"),
        ]
        const { out, err } = await runCommand(instantiate, [...argv, "--store", store, "--expr", expr])
        expect(err).toContain("'--add-root'")
        expect(drvIn(store, out.trim()), `${kind}/${file}`).toBe(fs.readFileSync(`${data}/${kind}/${file}`, "latin1"))
        count++
      }
    expect(count).toBe(8)
  })
})

describeShared("derivations of nix-diff", "conformance/nix-diff/derivations", (data) => {
  test("both graphs, all twelve files", async () => {
    const store = `${folder}/nix-diff`
    const printed: string[] = []
    for (const side of ["old", "new"])
      printed.push((await runCommand(instantiate, ["--store", store, `${data}/simple/${side}/drv.nix`])).out.trim())
    expect(printed[0]).toMatch(/2bwmj0qp.*-drv\.drv$/)
    expect(printed[1]).toMatch(/bg0lxf2d.*-drv\.drv$/)
    const files = fs.readdirSync(`${data}/drv`)
    expect(files).toHaveLength(12)
    for (const file of files) expect(drvIn(store, `/nix/store/${file}`), file).toBe(fs.readFileSync(`${data}/drv/${file}`, "latin1"))
  })
})
