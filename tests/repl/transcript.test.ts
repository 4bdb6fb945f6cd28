// Three transcripts recorded from `nix repl` 2.34.8, answer by answer.

import { readFileSync } from "node:fs"
import { beforeAll, expect, test } from "vitest"
import { filterAnsi } from "../../engine/eval/print-ansi.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { describeShared } from "../shared.ts"
import { runRepl } from "./run.ts"

const noBuild = "nothing is built without an endpoint: tests/build/command-evaluation.test.ts"
const ownDoc = "our documentation of builtins is our own text"
const dummyStore = "recorded on a store that refuses derivations; 2.34 shows a position of derivation.nix in the line"
const derivationX = 'derivation { name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; args = ["-c" "echo hi > $out"]; }'

/** Answers that differ, each with its reason. One that agrees has to leave the list. */
const notyet: Readonly<Record<string, string>> = {
  "session 8: d": dummyStore,
  "session 9: :p d": dummyStore,
  "session 34: :doc builtins.add": ownDoc,
  "session 43: :r": "2.36 does not remember a file that could not be loaded",
  "session2 11: :b d": noBuild,
  "session2 13: :doc builtins.map": ownDoc,
  "session2 14: :doc map": ownDoc,
  "session2 18: rec { a = a; }": "2.36 has a frame for where the recursion is entered",
  [`session3 6: :b ${derivationX}`]: noBuild,
  [`session3 7: :bl ${derivationX}`]: noBuild,
}

/** A prompt with what was typed, and the text up to the next prompt; the prompts in a text. */
function answers(text: string): string[] {
  return text.split(/^(?=nix-repl> )/m)
}

beforeAll(initHashes)

describeShared("conformance/repl-oracle-2.34", "conformance/repl-oracle-2.34", (dir) => {
  for (const name of ["session", "session2", "session3"]) {
    const wanted = answers(readFileSync(`${dir}/${name}.out`, "latin1").replaceAll("2.34.8", "2.36.0"))
    let given: string[] = []

    beforeAll(async () => {
      const { text } = await runRepl(readFileSync(`${dir}/${name}.in`, "latin1"), { cwd: dir })
      given = answers(filterAnsi(text).replaceAll(dir, "/pwd"))
      // 2.36 shows no prompt when there is no line.
      if (wanted.at(-1) === "nix-repl> \n") given.push("nix-repl> \n")
    })

    test(`${name}: as many answers as recorded`, () => expect(given.length).toBe(wanted.length))

    wanted.forEach((answer, i) => {
      const line = `${name} ${i}: ${(answer.split("\n")[0] as string).slice(10)}`
      const reason = notyet[line]
      const compare = () => expect(given[i]).toBe(answer)
      if (reason === undefined) test(line, compare)
      else test.fails(`${line} (${reason})`, compare)
    })
  }
})
