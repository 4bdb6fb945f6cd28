// Imports, reading files, the search path, and pure evaluation, over files in memory.
import { beforeAll, describe, expect, test } from "vitest"
import { Attrs } from "../../engine/eval/attrs.ts"
import { NixError, Pending } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import { isList, NixPath, NixString, type Value } from "../../engine/eval/value.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { bytes, type Link, MemoryHost } from "./memory-host.ts"

beforeAll(initHashes)

/** A value as plain data: paths as `{ path }`, everything forced. */
function plain(evaluator: Evaluator, v: Value): unknown {
  if (v instanceof Attrs) return Object.fromEntries(v.sortedNames().map((n) => [n, plain(evaluator, evaluator.force(v.get(n) as Value))]))
  if (isList(v)) return v.map((x) => plain(evaluator, evaluator.force(x)))
  if (v instanceof NixPath) return { path: v.path }
  if (v instanceof NixString) return v.text
  return v
}

type Files = Readonly<Record<string, string | Link>>

function run(host: MemoryHost, text: string, settings: Partial<Settings> = {}): unknown {
  const evaluator = new Evaluator(host, settings)
  return plain(evaluator, evaluator.evaluate(bytes(text), { kind: "string" }, "/pwd"))
}

/** Runs by closures and by the stepper; both must agree. */
function evaluate(files: Files, text: string, settings: Partial<Settings> = {}): unknown {
  const closures = run(new MemoryHost(files), text, { ...settings, run: "closures" })
  expect(run(new MemoryHost(files), text, { ...settings, run: "stepper" })).toEqual(closures)
  return closures
}

/** The error of an evaluation: its message and its frames, innermost first. */
function failure(files: Files, text: string, settings: Partial<Settings> = {}): { message: string; frames: string[] } {
  const results = (["closures", "stepper"] as const).map((mode) => {
    try {
      run(new MemoryHost(files), text, { ...settings, run: mode })
    } catch (e) {
      if (e instanceof NixError) return { message: e.message, frames: e.frames.map((f) => f.hint) }
      throw e
    }
    throw new Error(`did not fail: ${text}`)
  })
  expect(results[1]).toEqual(results[0])
  return results[0] as { message: string; frames: string[] }
}

describe("import", () => {
  test("reads a file, and default.nix of a directory", () => {
    const files = { "/pwd/a.nix": "{ x }: x + 1", "/pwd/d/default.nix": "./b" }
    expect(evaluate(files, "import ./a.nix { x = 1; }")).toBe(2)
    expect(evaluate(files, "import ./d")).toEqual({ path: "/pwd/d/b" })
  })

  test("evaluates a file once, scopedImport each time", () => {
    const files = { "/pwd/a.nix": 'builtins.trace "read" 1', "/pwd/l.nix": { link: "a.nix" } }
    const host = new MemoryHost(files)
    expect(run(host, 'import ./a.nix + import ./l.nix + import (./. + "/a.nix")')).toBe(3)
    expect(host.lines).toEqual(["trace: read"])
    const again = new MemoryHost(files)
    expect(run(again, "scopedImport { } ./a.nix + scopedImport { } ./a.nix")).toBe(2)
    expect(again.lines).toEqual(["trace: read", "trace: read"])
  })

  test("resolves relative paths from where a symlink points", () => {
    const files = { "/other/x.nix": "./y", "/pwd/l.nix": { link: "../other/x.nix" } }
    expect(evaluate(files, "import ./l.nix")).toEqual({ path: "/other/y" })
  })

  test("keeps the directory of a symlinked directory", () => {
    const files = { "/real/x.nix": "./y", "/pwd/link": { link: "/real" } }
    expect(evaluate(files, "import ./link/x.nix")).toEqual({ path: "/pwd/link/y" })
  })

  test("a file that imports itself is an infinite recursion, marked at its start", () => {
    const { message, frames } = failure({ "/pwd/a.nix": "import ./a.nix" }, "import ./a.nix")
    expect(message).toBe("infinite recursion encountered")
    expect(frames).toEqual([
      "while calling the 'import' builtin",
      "while evaluating the file '/pwd/a.nix':",
      "entering the infinite recursion",
      "while calling the 'import' builtin",
    ])
  })

  test("an error inside of a file says so, each time alike", () => {
    const files = { "/pwd/a.nix": "1 + { }" }
    const { message, frames } = failure(files, "import ./a.nix")
    expect(message).toBe("cannot add a set to an integer")
    expect(frames).toContain("while evaluating the file '/pwd/a.nix':")
    const syntax = failure({ "/pwd/a.nix": "1 +" }, "import ./a.nix")
    expect(syntax.frames).toEqual(["while calling the 'import' builtin"])
    expect(evaluate(files, "let a = import ./a.nix; in builtins.length [ a a ]")).toBe(2)
  })

  test("a missing file, and one behind a loop of symlinks", () => {
    expect(failure({}, "import ./none.nix").message).toBe("path '/pwd/none.nix' does not exist")
    expect(failure({ "/pwd/a": { link: "a" } }, "import ./a").message).toBe(
      "too many symbolic links encountered while traversing the path '/pwd/a'",
    )
  })

  test("needs a path that is absolute", () => {
    expect(failure({}, 'import "a.nix"').message).toBe("string 'a.nix' doesn't represent an absolute path")
    expect(evaluate({ "/pwd/a.nix": "7" }, 'import { outPath = "/pwd/a.nix"; }')).toBe(7)
  })
})

describe("scopedImport", () => {
  test("its variables hide builtins and desugared operators see them", () => {
    const files = { "/pwd/a.nix": "[ (map 1) x (3 - 1) ]" }
    expect(evaluate(files, "scopedImport { map = a: a + 1; x = 5; __sub = a: b: a * b; } ./a.nix")).toEqual([2, 5, 3])
  })
  test("forces its set after the path", () => {
    expect(failure({}, 'scopedImport (throw "scope") (throw "path")').message).toBe("path")
  })
})

describe("reading", () => {
  const files = { "/pwd/d/a": "text", "/pwd/d/sub/x": "", "/pwd/d/l": { link: "a" }, "/pwd/d/broken": { link: "none" } }

  test("readDir and readFileType do not follow symlinks", () => {
    const want = { a: "regular", broken: "symlink", l: "symlink", sub: "directory" }
    expect(evaluate(files, "builtins.readDir ./d")).toEqual(want)
    expect(evaluate(files, "map builtins.readFileType [ ./d ./d/l ./d/broken ]")).toEqual(["directory", "symlink", "symlink"])
  })

  test("readFile and hashFile follow them", () => {
    expect(evaluate(files, "builtins.readFile ./d/l")).toBe("text")
    expect(evaluate(files, 'builtins.hashFile "md5" ./d/l')).toBe("1cb251ec0d568de6a929b520c4aed8d1")
  })

  test("the store itself is not listed", () => {
    const held = { "/nix/store/x/a": "" }
    for (const path of ["/nix/store", '"/nix/store/"'])
      expect(failure(held, `builtins.readDir ${path}`).message).toBe("path '/nix/store/' is not in the Nix store")
    expect(evaluate(held, "builtins.readFileType /nix/store")).toBe("directory")
    expect(evaluate(held, "builtins.readDir /nix/store/x")).toEqual({ a: "regular" })
  })

  test("what is not a file", () => {
    expect(failure(files, "builtins.readFile ./d").message).toBe("file '/pwd/d' is not a regular file")
    expect(failure(files, "builtins.readFile ./d/broken").message).toBe("path '/pwd/d/none' does not exist")
    expect(failure(files, "builtins.readDir ./d/a").message).toBe("'/pwd/d/a' is not a directory")
    expect(failure({ "/n": "a\0b" }, "builtins.readFile /n").message).toBe(
      "the contents of the file '/n' cannot be represented as a Nix string",
    )
  })

  test("pathExists: broken symlinks exist, a slash asks for a directory", () => {
    const text = `map builtins.pathExists [
      ./d/a ./d/broken ./d/none "/pwd/d/" "/pwd/d/a/" "/pwd/d/." "/pwd/d/broken/" (./d + "/")
    ]`
    expect(evaluate(files, text)).toEqual([true, true, false, true, false, true, false, true])
  })

  test("what a string refers to must be there", () => {
    const text = 'builtins.readFile (builtins.toFile "a" "x")'
    const { message, frames } = failure(files, text)
    expect(message).toMatch(/^path '\/nix\/store\/.*-a' is not valid$/)
    expect(frames[0]).toMatch(/^while realising the context of path '/)
  })
})

describe("a host that has to wait", () => {
  const files = {
    "/pwd/a.nix": 'builtins.trace "a" (1 + import ./b.nix)',
    "/pwd/b.nix": 'builtins.trace "b" (builtins.stringLength (builtins.readFile ./c))',
    "/pwd/c": "text",
  }
  test("is asked again for each file, and nothing is traced twice", async () => {
    const host = new MemoryHost(files)
    const ready = new Set<string>()
    let waited = 0
    const read = host.readFile.bind(host)
    host.readFile = (path) => {
      if (ready.has(path)) return read(path)
      ready.add(path)
      waited++
      throw new Pending(Promise.resolve())
    }
    const evaluator = new Evaluator(host)
    const cell = evaluator.cell(evaluator.load("[ (import ./a.nix) (import ./a.nix) ]", { kind: "string" }, "/pwd"))
    const value = await evaluator.settle(() => plain(evaluator, evaluator.force(cell)))
    expect(value).toEqual([5, 5])
    expect(waited).toBe(3)
    expect(host.lines).toEqual(["trace: a", "trace: b"])
  })
})

describe("the search path", () => {
  const files = { "/one/p/x.nix": "1", "/two/p/y.nix": "2", "/lib/default.nix": "3" }
  const nixPath = [
    { prefix: "", path: "/one" },
    { prefix: "", path: "/none" },
    { prefix: "", path: "/two" },
    { prefix: "lib", path: "/lib" },
  ]

  test("the first entry wins below which the rest exists", () => {
    expect(evaluate(files, "[ <p/x.nix> <p/y.nix> <lib> ]", { nixPath })).toEqual([
      { path: "/one/p/x.nix" },
      { path: "/two/p/y.nix" },
      { path: "/lib" },
    ])
  })

  test("an entry that does not exist is warned about once", () => {
    const host = new MemoryHost(files)
    run(host, "[ <p/y.nix> <p/y.nix> ]", { nixPath })
    expect(host.lines).toEqual(["warning: Nix search path entry '/none' does not exist, ignoring"])
  })

  test("relative entries start at the working directory", () => {
    expect(evaluate({ "/pwd/lib/a": "" }, "<a>", { nixPath: [{ prefix: "", path: "lib" }] })).toEqual({ path: "/pwd/lib/a" })
  })

  test("what is not found can be caught, and nix/fetchurl.nix is always there", () => {
    expect(failure(files, "<q>", { nixPath }).message).toBe("file 'q' was not found in the Nix search path (add it using $NIX_PATH or -I)")
    expect(evaluate(files, "(builtins.tryEval <q>).success", { nixPath })).toBe(false)
    expect(evaluate({}, "builtins.functionArgs (import <nix/fetchurl.nix>)")).toMatchObject({ url: false, sha256: true })
  })

  test("findFile takes its own list", () => {
    expect(evaluate(files, 'builtins.findFile [ { prefix = "a"; path = "/one"; } ] "a/p"')).toEqual({ path: "/one/p" })
    expect(failure(files, 'builtins.findFile [ { prefix = "a"; } ] "a/p"')).toEqual({
      message: "attribute 'path' missing",
      frames: ["in an element of the __nixPath", "while calling the 'findFile' builtin"],
    })
  })

  test("nixPath lists the entries", () => {
    expect(evaluate(files, "builtins.nixPath", { nixPath: nixPath.slice(3) })).toEqual([{ path: "/lib", prefix: "lib" }])
  })
})

describe("pure evaluation", () => {
  const files = { "/pwd/a.nix": "1" }
  const pure = { pureEval: true }

  test("files cannot be seen", () => {
    expect(failure(files, "import /pwd/a.nix", pure).message).toBe(
      "access to absolute path '/pwd/a.nix' is forbidden in pure evaluation mode (use '--impure' to override)",
    )
    expect(evaluate(files, "builtins.pathExists /pwd/a.nix", pure)).toBe(false)
    expect(failure(files, "<a>", pure).message).toBe("cannot look up '<a>' in pure evaluation mode (use '--impure' to override)")
  })

  test("time and system are not there, the environment is empty", () => {
    const text = '[ (builtins ? currentTime) (builtins ? currentSystem) (builtins.getEnv "HOME") builtins.nixPath ]'
    expect(evaluate({}, text, pure)).toEqual([false, false, "", []])
  })
})

describe("sources", () => {
  const files = { "/src/a": "1", "/src/b.txt": "2", "/src/dir/c.txt": "3" }

  test("filterSource asks for each entry in order, not below refused directories", () => {
    const host = new MemoryHost(files)
    host.addToStore = (request) => {
      host.added.push(request)
      return "/nix/store/00000000000000000000000000000000-src"
    }
    const text = 'builtins.filterSource (p: t: builtins.trace "${p} ${t}" (t != "directory")) /src'
    expect(run(host, text)).toBe("/nix/store/00000000000000000000000000000000-src")
    expect(host.lines).toEqual(["trace: /src/a regular", "trace: /src/b.txt regular", "trace: /src/dir directory"])
    const filter = host.added[0]?.filter
    expect(["/src/a", "/src/b.txt", "/src/dir"].map((p) => filter?.(p, "regular"))).toEqual([true, true, false])
  })

  test("a path is copied under the name of its last component", () => {
    const host = new MemoryHost({ ...files, "/link": { link: "/src" } })
    host.addToStore = (request) => {
      host.added.push(request)
      return `/nix/store/00000000000000000000000000000000-${request.name}`
    }
    expect(run(host, '"${/link/a}"')).toBe("/nix/store/00000000000000000000000000000000-a")
    expect(run(host, 'builtins.path { path = /link; name = "n"; }')).toBe("/nix/store/00000000000000000000000000000000-n")
    expect(host.added.map((r) => r.path)).toEqual(["/src/a", "/src"])
  })

  test("without a store only the path is computed", () => {
    const tree = { "/src/a": "1", "/src/b.txt": "2", "/src/dir/c.txt": "3" }
    expect(evaluate(tree, '"${/src/a}"')).toBe("/nix/store/rkck81sf7b5xb8js14qvmj9zsivzii6n-a")
    expect(evaluate(tree, '"${/src}"')).toBe("/nix/store/57xr8lgplyrccs45bzwszda4pcv1f6lv-src")
    const filtered = 'builtins.filterSource (p: t: t != "directory") /src'
    expect(evaluate(tree, filtered)).toBe("/nix/store/c7x9xvkf6f2sgh4dwr3q332lkpfgi5dq-src")
    const flat = 'builtins.path { path = /src/a; recursive = false; name = "x"; }'
    expect(evaluate(tree, flat)).toBe("/nix/store/1hz4mizvvfnqx631mjpqnzza6qb71fm5-x")
    expect(failure(files, '"${/src/none}"').message).toBe("path '/src/none' does not exist")
    expect(failure(files, '"${/x.drv}"').message).toBe("file names are not allowed to end in '.drv'")
  })

  test("toFile computes the path of the text and its references", () => {
    expect(evaluate({}, 'builtins.toFile "hello.txt" "hello"')).toBe("/nix/store/q790zdjk75hm2cn42nh77pqw4gbv1b88-hello.txt")
    expect(failure({}, 'builtins.toFile "a/b" ""').message).toContain("contains illegal character '/'")
  })
})
