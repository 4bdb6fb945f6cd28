// `thunkpad repl` around the pure repl: options, pipes, the terminal, history, the editor.

import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { historyFile, ReplHistory } from "../../engine/cli/repl-history.ts"
import { PipedLines } from "../../engine/cli/repl-lines.ts"
import { renderMarkdown } from "../../engine/cli/repl-markdown.ts"
import { TerminalLines } from "../../engine/cli/repl-terminal.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runRepl } from "./run.ts"

let dir = ""
beforeAll(initHashes)
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), "repl-test-"))
})
afterEach(() => fs.rmSync(dir, { recursive: true }))

const banner = "Nix 2.36.0\nType :? for help.\n"

describe("options", () => {
  /** What the repl writes between the banner and the first prompt. */
  const started = async (...args: string[]) => {
    const { text, status } = await runRepl("", { args, cwd: dir })
    return { status, text: text.slice(banner.length) }
  }
  test("--expr loads a set", async () => {
    expect((await started("--expr", "{ a = 1; }")).text).toBe("Loading installable ''...\nAdded 1 variables.\na\n\n")
  })
  test("--expr does not call a function", async () => {
    expect((await started("--expr", "{ x ? 1 }: { }")).text).toContain("while evaluating an attribute set to be merged in the global scope")
  })
  test("--expr with an attribute path", async () => {
    expect((await started("--expr", "{ a.b = { c = 1; }; }", "a.b")).text).toBe("Loading installable 'a.b'...\nAdded 1 variables.\nc\n\n")
  })
  test("--file calls a function, with --arg and --argstr", async () => {
    fs.writeFileSync(join(dir, "f.nix"), "{ n, s }: { inherit n s; }")
    const args = ["--file", "f.nix", "--arg", "n", "1 + 1", "--argstr", "s", "1 + 1"]
    const { text } = await runRepl("[ n s ]", { args, cwd: dir })
    expect(text).toContain('[\n  2\n  "1 + 1"\n]\n')
  })
  test("--file that cannot be read is the end", async () => {
    expect(await started("--file", "none.nix")).toEqual({ status: 1, text: `error: path '${dir}/none.nix' does not exist\n` })
  })
  test("names of files load them", async () => {
    fs.writeFileSync(join(dir, "g.nix"), "{ a = 1; }")
    expect((await started("g.nix")).text).toBe('Loading "g.nix"...\nAdded 1 variables.\na\n\n')
  })
  test("-I adds to the search path", async () => {
    fs.writeFileSync(join(dir, "g.nix"), "{ a = 1; }")
    const { text } = await runRepl("(import <g>).a", { args: ["-I", `g=${dir}/g.nix`], cwd: dir })
    expect(text).toContain("\n1\n")
  })
  test("those that are none, or do not go together, are refused", async () => {
    await expect(started("--nope")).rejects.toThrow("unrecognised flag '--nope'")
    await expect(started("--debugger")).rejects.toThrow("'--debugger' is not supported yet")
    await expect(started("--expr", "1", "--file", "x")).rejects.toThrow("'--file' and '--expr' are exclusive")
    await expect(started("--arg", "x")).rejects.toThrow("flag '--arg' requires 2 argument(s), but only 1 were given")
  })
})

test("without echo only answers are written", async () => {
  const { text } = await runRepl("1\n{\n}\n:q\n", { env: { _NIX_TEST_REPL_ECHO: "0" } })
  expect(text).toBe(`${banner}1\n\n{ }\n\n`)
})

test("Markdown is rendered where there are colours", async () => {
  const raw = await runRepl("f = x: x\n:doc f", { color: true })
  expect(raw.text).toContain("Function `f`\\")
  const { text } = await runRepl("f = x: x\n:doc f", { color: true, env: { _NIX_TEST_RAW_MARKDOWN: "" } })
  expect(text).toContain("Function \x1b[36;1mf\x1b[0m\n")
  expect(renderMarkdown("# Head\n**a** *b* `*c*` 2 * 3\n```nix\n*x*\n```")).toBe(
    "\x1b[1mHead\x1b[0m\n\x1b[1ma\x1b[0m \x1b[4mb\x1b[0m \x1b[36;1m*c*\x1b[0m 2 * 3\n    \x1b[2m*x*\x1b[0m",
  )
})

test("lines of a pipe come as soon as they are whole", async () => {
  async function* chunks() {
    yield "a"
    yield "b\nc\n\nd"
  }
  const lines = new PipedLines(chunks())
  const texts: string[] = []
  for (let line = await lines.next(); line.kind === "line"; line = await lines.next()) texts.push(line.text)
  expect(texts).toEqual(["ab", "c", "", "d"])
})

describe(":e with $EDITOR", () => {
  const edit = (input: string, editor: string) => runRepl(input, { cwd: dir, env: { EDITOR: editor } })
  /** An editor that writes its arguments to a file. */
  const spy = () => {
    const program = join(dir, "vim-spy")
    fs.writeFileSync(program, `#!/bin/sh\nfor a; do printf '%s\\n' "$a"; done > ${dir}/args\nfor a; do :; done\ncat "$a" > ${dir}/text\n`, {
      mode: 0o755,
    })
    return program
  }
  const wrote = (file: string) => fs.readFileSync(join(dir, file), "utf8")

  test("opens a function at its line and reloads", async () => {
    fs.writeFileSync(join(dir, "g.nix"), "{\n  f = x: x;\n}\n")
    const { text } = await edit(":l g.nix\n:e f", `${spy()} -n`)
    expect(wrote("args")).toBe(`-n\n+2\n${dir}/g.nix\n`)
    expect(text).toContain('Loading "g.nix"...')
  })
  test("opens a copy of what is in no file", async () => {
    await edit(":e derivation", spy())
    expect(wrote("text")).toContain("derivationStrict")
    await edit(":e <nix/fetchurl.nix>", spy())
    expect(wrote("text")).toContain("builtin:fetchurl")
    expect(fs.existsSync(wrote("args").trim())).toBe(false)
  })
  test("does not open what was typed", async () =>
    expect((await edit(":e x: x", spy())).text).toContain("error: '\xc2\xabstring\xc2\xbb:1:1' cannot be shown in an editor"))
  test("says when the editor fails", async () => {
    fs.writeFileSync(join(dir, "g.nix"), "1")
    expect((await edit(":e ./g.nix", "false")).text).toContain("error: program 'false' failed with exit code 1")
    expect((await edit(":e ./g.nix", join(dir, "none"))).text).toContain("error: executing '")
  })
})

describe("history", () => {
  test("is kept between sessions, without repetitions and empty lines", () => {
    const file = join(dir, "data", "history")
    const first = new ReplHistory(file)
    for (const line of ["a = 1", "a", "a", "  ", "\xc3\xbc"]) first.add(line)
    expect(fs.readFileSync(file, "latin1")).toBe("a = 1\na\n\xc3\xbc\n")
    expect(new ReplHistory(file).lines).toEqual(["a = 1", "a", "\xc3\xbc"])
  })
  test("keeps the last thousand lines", () => {
    const file = join(dir, "history")
    fs.writeFileSync(file, Array.from({ length: 1200 }, (_, i) => `${i}\n`).join(""))
    expect(new ReplHistory(file).lines.length).toBe(1000)
    expect(fs.readFileSync(file, "latin1").split("\n")[0]).toBe("200")
  })
  test("that cannot be written does not matter", () => {
    fs.writeFileSync(join(dir, "file"), "")
    const history = new ReplHistory(join(dir, "file", "history"))
    history.add("x")
    expect(history.lines).toEqual(["x"])
  })
  test("is in the data folder of the user", () => {
    expect(historyFile({ HOME: "/h" })).toBe("/h/.local/share/thunkpad/repl-history")
    expect(historyFile({ HOME: "/h", XDG_DATA_HOME: "/d" })).toBe("/d/thunkpad/repl-history")
    expect(historyFile({})).toBe(null)
  })
})

describe("the terminal", () => {
  const open = (words: readonly string[] = []) => {
    const input = new PassThrough()
    const output = new PassThrough()
    const asked: string[] = []
    const complete = (text: string) => {
      asked.push(text)
      return words
    }
    const history = new ReplHistory(join(dir, "history"))
    return { input, output, asked, history, lines: new TerminalLines({ input, output, history, complete }) }
  }
  test("shows the prompt, gives lines as bytes and remembers them", async () => {
    const { input, output, history, lines } = open()
    const line = lines.next("nix-repl> ")
    input.write("\u00fc 1\r")
    expect(await line).toEqual({ kind: "line", text: "\xc3\xbc 1" })
    expect(String(output.read())).toContain("nix-repl> ")
    expect(history.lines).toEqual(["\xc3\xbc 1"])
    lines.close()
  })
  test("brings back lines of earlier sessions with the arrow key", async () => {
    fs.writeFileSync(join(dir, "history"), "older\nnewer\n")
    const { input, lines } = open()
    const line = lines.next("> ")
    input.write("\x1b[A\x1b[A\r")
    expect(await line).toEqual({ kind: "line", text: "older" })
    lines.close()
  })
  test("completes the last word", async () => {
    const { input, asked, lines } = open(["builtins.map"])
    const line = lines.next("> ")
    input.write("f (builtins.ma\t")
    input.write("\r")
    expect(await line).toEqual({ kind: "line", text: "f (builtins.map" })
    expect(asked[0]).toBe("f (builtins.ma")
    lines.close()
  })
  test("Ctrl-C drops the line, Ctrl-D ends", async () => {
    const { input, lines } = open()
    const first = lines.next("> ")
    input.write("abc\x03")
    expect(await first).toEqual({ kind: "cancel" })
    const second = lines.next("> ")
    input.write("d\r")
    expect(await second).toEqual({ kind: "line", text: "d" })
    const third = lines.next("> ")
    input.write("\x04")
    expect(await third).toEqual({ kind: "end" })
  })
  test("keeps lines that are typed before they are asked for", async () => {
    const { input, lines } = open()
    input.write("a\rb\r")
    expect([await lines.next("> "), await lines.next("> ")].map((l) => l.kind === "line" && l.text)).toEqual(["a", "b"])
    lines.close()
  })
})
