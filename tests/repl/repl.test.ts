// The pure repl over a host in memory: what it answers, prints and completes.

import { beforeAll, describe, expect, test } from "vitest"
import { Attrs } from "../../engine/eval/attrs.ts"
import { NixError, Pending } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { Repl } from "../../engine/eval/repl.ts"
import { wordStart } from "../../engine/eval/repl-complete.ts"
import { stripIndentation } from "../../engine/eval/repl-doc.ts"
import type { Definition, ReplOptions, ReplText } from "../../engine/eval/repl-session.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { MemoryHost } from "../eval/memory-host.ts"

beforeAll(initHashes)

interface Setup {
  readonly files?: Record<string, string>
  readonly env?: Record<string, string>
  readonly options?: Partial<ReplOptions>
  readonly settings?: Partial<Settings>
}

function setup({ files = {}, env = {}, options = {}, settings = {} }: Setup = {}) {
  const host = new MemoryHost(files, env)
  const evaluator = new Evaluator(host, settings)
  const texts: ReplText[] = []
  const repl = new Repl(evaluator, { cwd: "/pwd", print: (text) => texts.push(text), ...options })
  /** Feeds lines; gives what the last one printed. */
  const say = (...lines: string[]): string => {
    for (const line of lines) {
      texts.length = 0
      repl.feed(line)
    }
    return texts.map((t) => t.text).join("")
  }
  return { host, evaluator, repl, texts, say }
}

const endless = "builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }"

/** The printed text of the last of some lines. */
const said = (...lines: string[]) => setup().say(...lines)

describe("bindings", () => {
  test("are lazy", () => expect(said('x = throw "no"', "1")).toBe("1\n"))
  test("do not see each other", () => expect(said("a = 1", "a = 2; b = a;", "b")).toBe("1\n"))
  test("are not recursive", () => expect(said("f = n: f n")).toContain("undefined variable 'f'"))
  test("keep what earlier ones saw when a name is bound again", () => expect(said("x = 1", "f = y: x + y", "x = 10", "f 1")).toBe("2\n"))
  test("shadow the base environment", () => expect(said("map = 3", "map + 1")).toBe("4\n"))
  test("of one text share one inherit source", () => expect(said("inherit ({ a = 1; b = 2; }) a b", "[ a b ]")).toBe("[\n  1\n  2\n]\n"))
  test("have computed names", () => expect(said('n = "x"', `\${n} = 5`, "x")).toBe("5\n"))
  test("of a value under two names are two values", () =>
    expect(said("l = [ 1 ]", "m = l", ":p [ l m l ]")).toBe(
      "[\n  [ 1 ]\n  [ 1 ]\n  «repeated»\n]\n".replaceAll(/[«»]/g, (c) => `\xc2${c}`),
    ))
  test("show their place as typed, without the semicolon that was missing", () =>
    expect(said("x = y")).toBe(
      "error: undefined variable 'y'\n       at \xc2\xabstring\xc2\xbb:1:5:\n            1| x = y\n             |     ^\n",
    ))
  test("name functions", () => expect(said("f = x: x", "f")).toBe("\xc2\xablambda f @ \xc2\xabstring\xc2\xbb:1:5\xc2\xbb\n"))
  test("more than 32,768 are fine", () =>
    expect(said(':a builtins.listToAttrs (builtins.genList (i: { name = "v" + toString i; value = i; }) 40000)', "v39999")).toBe("39999\n"))
})

describe("an input over several lines", () => {
  const more = (...lines: string[]): string[] => {
    const { repl } = setup()
    return lines.map((line) => repl.feed(line))
  }
  test("goes on while an expression is open", () => expect(more("{", "a = 1;", "}")).toEqual(["more", "more", "done"]))
  test("goes on in a string", () => expect(more('"a', 'b"')).toEqual(["more", "done"]))
  test("goes on in the argument of a command", () => expect(more(":p [ 1", "2 ]")).toEqual(["more", "done"]))
  test("goes on in the value of a binding", () => {
    expect(more("x = {", "a = 1;", "}")).toEqual(["more", "more", "done"])
    expect(more("x =", "1")).toEqual(["more", "done"])
    expect(more("x = if true", "then 1 else 2")).toEqual(["more", "done"])
    expect(said("x = {", "a = 1;", "}", "x")).toBe("{ a = 1; }\n")
  })
  test("ends with an error that more lines cannot mend", () => {
    expect(more("x = )")).toEqual(["done"])
    expect(more("or")).toEqual(["done"])
    expect(said("1 +", "1)")).toContain("unexpected ')'")
  })
  test("is forgotten when it is cancelled", () => {
    const { repl, say } = setup()
    repl.feed("{")
    repl.cancel()
    expect(say("1")).toBe("1\n")
  })
  test("an unexpected end in an imported file is an error", () => {
    const { repl, say } = setup({ files: { "/pwd/broken.nix": "{" } })
    expect(repl.feed("import ./broken.nix")).toBe("done")
    expect(say("import ./broken.nix")).toContain("unexpected end of file")
  })
})

describe("results", () => {
  test("have colours where they are wanted", () => expect(setup({ options: { color: true } }).say("1")).toBe("\x1b[36;1m1\x1b[0m\n"))
  test("an error within a set is part of the result", () => expect(said('{ a = throw "x"; b = 1; }')).toContain("error: x\xc2\xbb;"))
  test("kinds tell results, notices and errors apart", () => {
    const { repl, texts } = setup()
    for (const line of ["1", ":a { q = 1; }", "nope"]) repl.feed(line)
    expect(texts.map((t) => t.kind)).toEqual(["result", "notice", "notice", "error"])
  })
  test("each line has its own budget", () => {
    const { say } = setup({ settings: { maxSteps: 100_000 } })
    expect(say(endless)).toBe("error: evaluation took more than 100000 steps\n")
    expect(say("let f = n: if n == 0 then 7 else f (n - 1); in f 5000")).toBe("7\n")
  })
  test("Ctrl-C stops an evaluation, and the variables stay", () => {
    const { evaluator, say } = setup()
    say("x = 1", `y = ${endless}`)
    evaluator.rt.poll = () => true
    expect(say("y")).toBe("error: evaluation was interrupted\n")
    evaluator.rt.poll = null
    expect(say("x")).toBe("1\n")
  })
})

describe("commands", () => {
  const files = { "/pwd/f.nix": "{ n ? 1 }: { value = n; }", "/pwd/dir/default.nix": "{ d = 4; }", "/pwd/g.nix": "{ a = 1; }" }

  test(":l calls a function with the arguments of the command line", () => {
    const { say } = setup({ files, options: { autoArgs: Attrs.of(["n"], [7]) } })
    expect(say(":l f.nix", "value")).toBe("7\n")
  })
  test(":l takes a directory and a search path", () => {
    const { say } = setup({ files, settings: { nixPath: [{ prefix: "p", path: "/pwd/g.nix" }] } })
    expect(say(":l dir", "d")).toBe("4\n")
    expect(say(":l <p>", "a")).toBe("1\n")
  })
  test(":r reads changed files again and forgets what was bound", () => {
    const changing: Record<string, string> = { "/pwd/c.nix": "{ v = 1; }" }
    const { host, say } = setup({ files: changing })
    say(":l c.nix", "w = 5")
    host.readFile = () => "{ v = 2; }"
    expect(say("v")).toBe("1\n")
    expect(say(":r")).toBe('Loading "c.nix"...\nAdded 1 variables.\nv\n')
    expect(say("v")).toBe("2\n")
    expect(say("w")).toContain("undefined variable 'w'")
  })
  test(":r goes on after a file that fails, and keeps it", () => {
    const { repl, texts, say } = setup({ files, options: { files: ["none.nix", "g.nix"] } })
    repl.start()
    expect(texts.map((t) => t.text).join("")).toBe(
      'Loading "none.nix"...\nerror: path \'/pwd/none.nix\' does not exist\nLoading "g.nix"...\nAdded 1 variables.\na\n',
    )
    expect(say(":r")).toContain('Loading "none.nix"...')
    expect(say("a")).toBe("1\n")
  })
  test(":te shows the frames of calls", () => {
    const { say } = setup()
    say('f = x: throw "no"')
    expect(say("f 1")).not.toContain("while calling 'f'")
    expect(say(":te true", "f 1")).toContain("while calling 'f'")
    expect(say(":te")).toBe("not showing error traces\n")
  })
  test(":t names the type", () => expect(said(":t 1.0")).toBe("a float\n"))
  test(":q ends it", () => expect(setup().repl.feed(":q now")).toBe("quit"))
  test("those that build say that they cannot", () => {
    expect(said(":b 1")).toContain("expression does not evaluate to a derivation, so I can't build it")
    expect(said(':b { type = "derivation"; }')).toContain("derivation name missing")
    expect(said(':b { type = "derivation"; name = "x"; }')).toContain("no 'drvPath' attribute")
    const drv = (path: string) => `{ type = "derivation"; name = "x"; drvPath = "/nix/store/${path}"; }`
    expect(said(`:b ${drv("x")}`)).toContain("error: ")
    const good = "00000000000000000000000000000000-x.drv"
    for (const name of [":b", ":bl"])
      expect(said(`${name} ${drv(good)}`)).toBe(`error: '${name}' cannot build '/nix/store/${good}': nothing can be built here\n`)
    expect(said(`:log ${drv(good)}`)).toContain(`build log of '/nix/store/${good}' is not available`)
    for (const name of [":i", ":sh", ":u"]) expect(said(`${name} ${drv(good)}`)).toContain(`'${name}' is not supported yet`)
  })
  test(":lf says that there are no flakes yet", () => {
    expect(said(":lf .")).toContain("flakes are not supported yet")
    expect(said(":lf")).toContain("cannot use ':load-flake' without a path specified")
  })
  test("one that does not exist is an error", () => expect(said(":nope 1")).toBe("error: unknown command ':nope'\n"))
})

describe(":e", () => {
  const files = { "/pwd/g.nix": "{\n  f = x:\n    x + 1;\n}\n", "/pwd/h.nix": "# text\n1" }

  test("shows where a function is, and its text", () =>
    expect(setup({ files }).say(":e (import ./g.nix).f")).toBe("/pwd/g.nix:2:7\n  f = x:\n    x + 1;\n"))
  test("shows a file", () => expect(setup({ files }).say(":e ./h.nix")).toBe("/pwd/h.nix\n# text\n1\n"))
  test("shows the file of a package", () => {
    const { say } = setup({ files })
    expect(say(':e { meta.position = "/pwd/h.nix:1"; }')).toBe("/pwd/h.nix:1\n# text\n1\n")
    expect(say(":e { a = 1; }")).toBe("error: package '{ a = 1; }' has no source location information\n")
  })
  test("opens an editor where there is one, and loads files again", () => {
    const opened: Definition[] = []
    const edit = (d: Definition) => opened.push(d) > 0
    const { say } = setup({ files, options: { edit } })
    expect(say(":l g.nix", ":e f")).toBe('Loading "g.nix"...\nAdded 1 variables.\nf\n')
    expect(opened.map(({ path, line }) => [path, line])).toEqual([["/pwd/g.nix", 2]])
  })
})

describe(":doc", () => {
  test("of a builtin is its own documentation", () => {
    const text = said(":doc builtins.elemAt")
    expect(text).toMatch(/^\*\*Synopsis:\*\* `builtins\.elemAt` \*\w+\* \*\w+\*\n\n\S/)
  })
  test("finds comments in what was typed", () => expect(said("/** Twice. */ f = x: x * 2", ":doc f")).toContain("Twice."))
  test("goes through the renderer", () =>
    expect(setup({ options: { markdown: (t) => t.toUpperCase() } }).say("f = x: x", ":doc f")).toContain("FUNCTION `F`"))
  test("of a partially applied builtin is none", () => expect(said(":doc map 1")).toBe("error: value does not have documentation\n"))
  test("takes the smallest indentation off", () => expect(stripIndentation("  a\n\n    b\n")).toBe("a\n\n  b\n"))
})

describe("completion", () => {
  const files = { "/pwd/abc.nix": "1", "/pwd/abd/x.nix": "1", "/pwd/.hidden": "", "/home/me/note": "" }
  const of = (text: string, ...lines: string[]) => {
    const { repl } = setup({ files, env: { HOME: "/home/me" } })
    for (const line of lines) repl.feed(line)
    return repl.complete(text)
  }
  test("of commands", () => expect(of(":l")).toEqual([":l", ":load", ":lf", ":load-flake", ":ll", ":last-loaded", ":log"]))
  test("of variables", () => {
    expect(of("fooB", "fooBar = 1", "fooBaz = 2", "other = 3")).toEqual(["fooBar", "fooBaz"])
    expect(of("[ (isN")).toEqual(["isNull"])
  })
  test("of attributes evaluates what is before the dot", () => {
    expect(of("builtins.isF")).toEqual(["builtins.isFloat", "builtins.isFunction"])
    expect(of("1 + s.n.x", "s = { n = { xa = throw 1; xb = 2; y = 3; }; }")).toEqual(["s.n.xa", "s.n.xb"])
  })
  test("is silent about errors", () => {
    for (const text of ["undefined.x", "(throw 1).x", "1.", "}.a", '"${x.']) expect(of(text)).toEqual([])
  })
  test("of files", () => {
    expect(of(":l ./ab")).toEqual(["./abc.nix", "./abd"])
    expect(of("import /pwd/abd/")).toEqual(["/pwd/abd/x.nix"])
    expect(of("~/n")).toEqual(["~/note"])
    expect(of("./none/")).toEqual([])
  })
  test("the word begins after blanks and brackets", () => {
    expect(["f x", "(a.b", "x", "[ ", "f (g"].map(wordStart)).toEqual([2, 1, 0, 2, 3])
  })
})

describe("a host that waits", () => {
  test("prints each text and trace once, and binds once", async () => {
    const { host, evaluator, repl, texts } = setup({ files: { "/pwd/a.nix": '{ a = builtins.trace "t" 1; }' } })
    const ready = new Set<string>()
    const read = host.readFile.bind(host)
    host.readFile = (path) => {
      if (!ready.has(path)) throw new Pending(Promise.resolve(ready.add(path)))
      return read(path)
    }
    repl.take(':a builtins.trace "first" (import ./a.nix)')
    expect(await evaluator.settle(() => repl.answer())).toBe("done")
    repl.take("a")
    await evaluator.settle(() => repl.answer())
    expect(texts.map((t) => t.text)).toEqual(["Added 1 variables.\n", "a\n", "1\n"])
    expect(host.lines).toEqual(["trace: first", "trace: t"])
  })
  test("loads several files, each notice once", async () => {
    const { host, evaluator, repl, texts } = setup({
      files: { "/pwd/a.nix": "{ a = 1; }", "/pwd/b.nix": "{ b = 2; }" },
      options: { files: ["a.nix", "b.nix"] },
    })
    const ready = new Set<string>()
    const read = host.readFile.bind(host)
    host.readFile = (path) => {
      if (!ready.has(path)) throw new Pending(Promise.resolve(ready.add(path)))
      return read(path)
    }
    let started = false
    await evaluator.settle(() => {
      if (started) return repl.restart()
      started = true
      repl.start()
    })
    const names = ["a", "b"].flatMap((n) => [`Loading "${n}.nix"...\n`, "Added 1 variables.\n", `${n}\n`])
    expect(texts.map((t) => t.text)).toEqual(names)
  })
})

test("what the installables throw ends the start", () => {
  const installables = () => {
    throw new NixError("error", "no", 0)
  }
  expect(() => setup({ options: { installables } }).repl.start()).toThrow(expect.objectContaining({ message: "no" }))
})
