// The parser alone over Nix's own files: what should parse does, what should not fails with Nix's words at Nix's place.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { canonPath } from "../../engine/lang/canon-path.ts"
import { parse } from "../../engine/lang/parser.ts"
import { show } from "../../engine/lang/show.ts"
import { Source } from "../../engine/lang/source.ts"
import { describeShared } from "../shared.ts"
import { someOptions } from "./printed.ts"

const quiet = { urlLiterals: "ignore", shortPathLiterals: "ignore", absolutePathLiterals: "ignore" } as const

function parsed(file: string, text = readFileSync(file, "latin1")) {
  const source = new Source({ kind: "stdin" }, text, 1)
  return { source, ...parse(source, someOptions({ basePath: "/pwd", lint: quiet })) }
}

describeShared("nix-lang", "conformance/nix-lang", (folder) => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".nix"))
  const expected = (name: string, ending: string) => {
    const file = join(folder, name.replace(/\.nix$/, ending))
    return existsSync(file) ? readFileSync(file, "latin1") : ""
  }

  test.each(files.filter((name) => name.startsWith("parse-okay")))("%s is printed as Nix prints it", (name) => {
    const { expr } = parsed(join(folder, name))
    expect(expr === null ? null : `${show(expr)}\n`).toBe(expected(name, ".exp"))
  })

  test.each(files.filter((name) => name.startsWith("parse-fail")))("%s fails as in Nix", (name) => {
    const { source, expr, problems } = parsed(join(folder, name))
    const wanted = expected(name, ".err.exp")
    // An undefined variable is found by the binder.
    if (wanted.startsWith("error: undefined variable")) return expect(expr).not.toBe(null)
    const error = problems.at(-1)
    const { line, column } = source.place((error?.pos ?? 0) - source.base)
    expect(expr).toBe(null)
    expect(`error: ${error?.message}\n       at \xc2\xabstdin\xc2\xbb:${line}:${column}:`).toBe(wanted.split("\n").slice(0, 2).join("\n"))
  })
})

/** Files outside parse-fail that Nix refuses while parsing, and why. */
const refused: Record<string, string> = {
  "eval-fail-dynamic-attrs-inherit-2.nix": "name/dynamic-not-allowed",
  "eval-fail-dynamic-attrs-inherit.nix": "name/dynamic-not-allowed",
  "eval-fail-dynamic-attrs-let-2.nix": "name/dynamic-not-allowed",
  "eval-fail-dynamic-attrs-let-3.nix": "name/dynamic-not-allowed",
  "eval-fail-dynamic-attrs-let.nix": "name/dynamic-not-allowed",
  "eval-fail-path-slash.nix": "syntax/bad-path",
  "eval-fail-string-nul-1.nix": "syntax/bad-string",
  "eval-fail-string-nul-2.nix": "syntax/bad-string",
}

describeShared("all conformance data", "conformance", (folder) => {
  test("every Nix file parses but those that must not", () => {
    const found: Record<string, string> = {}
    let count = 0
    for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      const name = path.slice(path.lastIndexOf("/") + 1)
      if (!name.endsWith(".nix") || name.startsWith("parse-fail")) continue
      count++
      const { expr, problems } = parsed(join(folder, path))
      if (expr === null) found[name] = problems.at(-1)?.code ?? ""
    }
    expect(found).toEqual(refused)
    expect(count).toBeGreaterThan(550)
  })
})

describeShared("canonical paths", "conformance/unit-vectors", (folder) => {
  test("are made as Nix makes them", () => {
    const vectors = JSON.parse(readFileSync(join(folder, "canon-path.json"), "utf8")) as {
      readonly canon: readonly (readonly [string, string])[]
      readonly relativeTo: readonly (readonly [string, string, string])[]
    }
    expect(vectors.canon.map(([path]) => canonPath(path))).toEqual(vectors.canon.map(([, canon]) => canon))
    expect(vectors.relativeTo.map(([path, base]) => canonPath(path, base))).toEqual(vectors.relativeTo.map(([, , canon]) => canon))
    expect(canonPath("../../a/./b/..", "/x")).toBe("/a")
  })
})
