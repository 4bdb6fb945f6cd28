// Nix's own language tests as data: how each is run and judged (conformance/README.md, "nix-lang").

import * as fs from "node:fs"
import { shared } from "../shared.ts"

export interface LangTest {
  readonly name: string
  readonly kind: "parse-fail" | "parse-okay" | "eval-fail" | "eval-okay"
  /** Arguments after the command's name; the working directory is the folder that contains lang/. */
  readonly args: readonly string[]
  /** Text of standard input (bytes), or null. */
  readonly stdin: string | null
  readonly env: Readonly<Record<string, string>>
  readonly status: 0 | 1
  /** Expected standard output; null if it is not compared. */
  readonly out: string | null
  /** Expected standard error; null if it is not compared. */
  readonly err: string | null
}

export interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** Splits a .flags line as a shell would: words, double and single quotes. */
function words(text: string): string[] {
  const out: string[] = []
  for (const m of text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)) out.push(m[1] ?? m[2] ?? m[3] ?? "")
  return out
}

/** All live tests; `dir` must be the folder that contains lang/ when they are run. */
export function langTests(): LangTest[] {
  const dir = shared("conformance/nix-lang")
  const read = (file: string): string | null => (fs.existsSync(`${dir}/${file}`) ? fs.readFileSync(`${dir}/${file}`, "latin1") : null)
  const tests: LangTest[] = []
  for (const file of fs.readdirSync(dir).sort()) {
    const m = /^((parse-fail|parse-okay|eval-fail|eval-okay)-.*)\.nix$/.exec(file)
    if (!m) continue
    const name = m[1] as string
    const kind = m[2] as LangTest["kind"]
    if (read(`${name}.exp-disabled`) !== null) continue
    const flagsText = read(`${name}.flags`)
    const flags = flagsText === null ? null : words(flagsText.replace(/#.*/g, ""))
    const err = read(`${name}.err.exp`) ?? ""
    const env: Record<string, string> = { TEST_VAR: "foo", NIX_REMOTE: "dummy://", NIX_STORE_DIR: "/nix/store" }
    if (kind === "parse-fail" || kind === "parse-okay")
      tests.push({
        name,
        kind,
        env,
        err,
        args: ["--parse", "-"],
        stdin: read(file),
        status: kind === "parse-fail" ? 1 : 0,
        out: kind === "parse-fail" ? null : (read(`${name}.exp`) ?? ""),
      })
    else if (kind === "eval-fail")
      tests.push({
        name,
        kind,
        env,
        err,
        args: ["--show-trace", ...(flags ?? ["--eval", "--strict", "--show-trace"]), `lang/${file}`],
        stdin: null,
        status: 1,
        out: null,
      })
    else if (read(`${name}.exp.xml`) !== null)
      tests.push({
        name,
        kind,
        env,
        args: ["--eval", "--xml", "--no-location", "--strict", `lang/${file}`],
        stdin: null,
        status: 0,
        out: read(`${name}.exp.xml`),
        err: null,
      })
    else
      tests.push({
        name,
        kind,
        err,
        args: [...(flags ?? []), "--eval", "--strict", "--show-trace", `lang/${file}`],
        env: { ...env, NIX_PATH: "lang/dir3:lang/dir4", HOME: "/fake-home" },
        stdin: null,
        status: 0,
        out: read(`${name}.exp`) ?? "",
      })
  }
  return tests
}

/** The last `error:` line of a standard error text, where the final message begins. */
export function finalError(err: string): string {
  const lines = err.split("\n").filter((l) => /^\s*error:/.test(l))
  return (lines[lines.length - 1] ?? "").trim()
}

export interface Verdict {
  readonly status: boolean
  readonly out: boolean
  /** The final `error:` line (for tests that succeed: standard error equal, or not compared). */
  readonly final: boolean
  /** The whole of standard error. */
  readonly full: boolean
}

/** Judges a run; `cwd` is replaced by /pwd first. */
export function judge(test: LangTest, ran: Ran, cwd: string): Verdict {
  let err = ran.err.replaceAll(cwd, "/pwd")
  const out = ran.out.replaceAll(cwd, "/pwd")
  if (test.name === "eval-fail-derivation-name") err = err.replace(/[0-9 ]{8}(?=[^0-9])/g, "<number>").replace(/[0-9]+/g, "<number>")
  const full = test.err === null || err === test.err
  return {
    status: ran.status === test.status,
    out: test.out === null || out === test.out,
    final: test.status === 0 ? full : finalError(err) === finalError(test.err ?? ""),
    full,
  }
}
