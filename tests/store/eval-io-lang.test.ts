// Nix's own language tests over a tree of the store, in the worker's own runs: with everything fetched ahead and with nothing, by
// closures and by the stepper. Waiting must change neither values nor errors nor what is printed.
import { beforeAll, expect, test } from "vitest"
import { forceDeep } from "../../engine/eval/deep.ts"
import { drive } from "../../engine/eval/drive.ts"
import { NixError } from "../../engine/eval/error.ts"
import { LiveMeter } from "../../engine/eval/live-meter.ts"
import { printAmbiguous } from "../../engine/eval/print-ambiguous.ts"
import { stepToXml } from "../../engine/eval/to-xml.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import type { StorePath } from "../../engine/formats/store-path/store-path.ts"
import { noWindow } from "../../engine/store/eval-io-prefetch.ts"
import { Store } from "../../engine/store/store.ts"
import type { Stores } from "../../engine/store/stores.ts"
import { Run } from "../../engine/worker/run.ts"
import { problemOf } from "../../engine/worker/view.ts"
import { judge, type LangTest, langTests, type Ran } from "../conformance/lang-suite.ts"
import { langFiles, langRequest, PWD } from "../page/lang-request.ts"
import { describeShared } from "../shared.ts"
import { hotStore, importFiles, memoryStores, storeDir, type TestFile } from "./eval-io-run.ts"

beforeAll(initHashes)

const bytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

interface Way {
  readonly run: "closures" | "stepper"
  readonly cold: boolean
}

async function ran(t: LangTest, stores: Stores, tree: StorePath, { run, cold }: Way): Promise<Ran & { readonly waits: number }> {
  const { request, form } = langRequest(t)
  const store = hotStore(stores, cold ? { directoryBytes: 1, textBytes: 1, queueBytes: 0 } : {})
  const asked = { ...request, trees: { [PWD]: `${storeDir}/${tree}` }, options: { ...request.options, run } }
  const made = new Run(asked, {
    meter: new LiveMeter(Number.POSITIVE_INFINITY),
    store,
    network: null,
    ...(cold ? { window: noWindow } : {}),
  })
  const { evaluator } = made
  const { rt } = evaluator
  const err = (report: string): string => [...made.takeLog(), ...(report === "" ? [] : [report])].map((line) => `${line}\n`).join("")
  try {
    const out = await evaluator.settle(() => {
      if (form === "parse") return made.printTree()
      const cell = made.cell([])
      evaluator.force(cell)
      if (form === "none") return ""
      if (form === "xml") return drive(rt, stepToXml(rt, cell, { strict: true, location: false })).text
      forceDeep(rt, cell)
      return `${printAmbiguous(rt, cell)}\n`
    })
    return { status: 0, out, err: err(""), waits: made.host.rounds }
  } catch (e) {
    if (!(e instanceof NixError)) throw e
    return { status: 1, out: "", err: err(bytes(problemOf(evaluator, e).report)), waits: made.host.rounds }
  }
}

describeShared("Nix's language suite over a tree of the store", "conformance/nix-lang", (folder) => {
  for (const way of [
    { run: "closures", cold: false },
    { run: "closures", cold: true },
    { run: "stepper", cold: true },
  ] as const) {
    test(`by ${way.run}, ${way.cold ? "reading nothing ahead" : "reading ahead"}`, { timeout: 300_000 }, async () => {
      const stores = memoryStores()
      const files: Record<string, TestFile> = {}
      for (const [path, file] of Object.entries(langFiles(folder))) {
        const below = path.slice(PWD.length + 1)
        // A checkout may have files where the suite has a symlink.
        if (typeof file === "object") for (const other of Object.keys(files)) if (other.startsWith(`${below}/`)) delete files[other]
        files[below] = file
      }
      const tree = await new Store(stores).addTree(await importFiles(stores, files), "lang")
      const wrong: string[] = []
      let waits = 0
      for (const t of langTests()) {
        const got = await ran(t, stores, tree, way)
        const err = t.args.includes("--parse") ? got.err.replaceAll("\xc2\xabstring\xc2\xbb", "\xc2\xabstdin\xc2\xbb") : got.err
        const v = judge(t, { ...got, err }, PWD)
        if (!(v.status && v.out && v.final)) wrong.push(`${t.name}: ${JSON.stringify(v)} ${got.err.slice(-300)}`)
        waits += got.waits
      }
      console.log(`language suite over the store, ${way.run}, ${way.cold ? "cold" : "hot"}: ${waits} waits`)
      expect(wrong).toEqual([])
      expect(waits).toBeGreaterThan(way.cold ? 1000 : 300)
    })
  }
})
