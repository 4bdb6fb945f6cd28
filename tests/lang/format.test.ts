// The formatter: how things look, that nothing changes its meaning, and that a second time changes nothing.
import { readdirSync, readFileSync, statSync } from "node:fs"
import { expect, test } from "vitest"
import { format } from "../../engine/lang/format/format.ts"
import { describeShared } from "../shared.ts"
import { textCases } from "./cases.ts"

textCases("format.txt", (text) => {
  const formatted = format(text)
  return typeof formatted === "string" ? formatted.replace(/\n$/, "") : `refused: ${formatted.message}`
})

describeShared("the files of Nix's language tests", "conformance/nix-lang", (folder) => {
  test("are formatted to the same program, and formatting them again changes nothing", () => {
    let count = 0
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".nix") || !statSync(`${folder}/${file}`).isFile()) continue
      const text = readFileSync(`${folder}/${file}`, "latin1")
      const formatted = format(text)
      if (typeof formatted !== "string") {
        // Texts with errors are refused with their error; no valid one is.
        expect(formatted.message, file).not.toContain("formatting")
        continue
      }
      count++
      expect(format(formatted), file).toBe(formatted)
      for (const comment of text.match(/#[^\r\n"'$]*$/gm) ?? []) expect(formatted, `${file}: ${comment}`).toContain(comment.trim())
    }
    expect(count).toBeGreaterThan(300)
  })
})

test("a refusal has the place of the error", () => {
  expect(format("{ a = ; }")).toEqual({ message: "syntax error, unexpected ';'", start: 6, end: 7 })
})

test("an empty text, comments alone", () => {
  expect(format("")).toMatchObject({ message: expect.stringContaining("unexpected end of file") })
  expect(format("# nothing\n")).toMatchObject({ message: expect.stringContaining("unexpected end of file") })
  expect(format("1 # end\n# more\n")).toBe("1 # end\n# more\n")
})
