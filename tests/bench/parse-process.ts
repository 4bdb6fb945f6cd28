// Parses the files of a list again and again, and prints what each pass took. Bundled and started by parse.mjs.
import { readFileSync } from "node:fs"
import { parse } from "../../engine/lang/parser.ts"
import { Sources } from "../../engine/lang/source.ts"
import { Symbols } from "../../engine/lang/symbol.ts"

/** At least so many passes, and as many more as fit into the time (ms). */
const PASSES = 4
const TIME = 1500

const files = JSON.parse(readFileSync(process.argv[2] as string, "utf8")) as string[]
const texts = files.map((path) => [path, readFileSync(path, "latin1")] as const)
const passes: number[] = []
let failed = 0
const began = performance.now()
while (passes.length < PASSES || performance.now() - began < TIME) {
  failed = 0
  const start = performance.now()
  const sources = new Sources()
  const symbols = new Symbols()
  const lint = { urlLiterals: "ignore", shortPathLiterals: "ignore", absolutePathLiterals: "ignore" } as const
  for (const [path, text] of texts) {
    const source = sources.add({ kind: "file", path }, text)
    if (parse(source, { basePath: "/", home: "/home", symbols, pureEval: false, pipeOperators: true, lint }).expr === null) failed++
  }
  passes.push(performance.now() - start)
}
console.log(JSON.stringify({ bytes: texts.reduce((sum, [, text]) => sum + text.length, 0), failed, passes }))
