// Fetchers: what reaches the host, and what comes back.
import { beforeAll, describe, expect, test } from "vitest"
import { Attrs } from "../../engine/eval/attrs.ts"
import { NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import type { DownloadRequest, FetchAttrs } from "../../engine/eval/host.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import { NixString, type Value } from "../../engine/eval/value.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

beforeAll(initHashes)

const storePath = "/nix/store/00000000000000000000000000000000-source"
const rev = "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"

/** A host that notes what it is asked for. */
class FetchingHost extends MemoryHost {
  readonly downloads: DownloadRequest[] = []
  readonly inputs: Record<string, unknown>[] = []
  download = (request: DownloadRequest): string => {
    this.downloads.push(request)
    return storePath
  }
  fetchTree = (input: FetchAttrs) => {
    this.inputs.push(Object.fromEntries(input))
    return { storePath, attrs: new Map([...input, ["rev", rev], ["lastModified", 951_782_400]]) as FetchAttrs }
  }
}

function run(host: MemoryHost, text: string, settings: Partial<Settings> = {}): unknown {
  const evaluator = new Evaluator(host, settings)
  const plain = (v: Value): unknown => {
    if (v instanceof Attrs) return Object.fromEntries(v.sortedNames().map((name) => [name, plain(evaluator.force(v.get(name) as Value))]))
    return v instanceof NixString ? v.text : v
  }
  return plain(evaluator.evaluate(bytes(text), { kind: "string" }, "/pwd"))
}

function failure(text: string, settings: Partial<Settings> = {}): string {
  try {
    run(new FetchingHost(), text, settings)
  } catch (e) {
    if (e instanceof NixError) return e.message
    throw e
  }
  throw new Error(`did not fail: ${text}`)
}

describe("fetchurl and fetchTarball", () => {
  test("ask the host with name and hash", () => {
    const host = new FetchingHost()
    expect(run(host, 'builtins.fetchurl "https://example.org/a/b.txt"')).toBe(storePath)
    expect(run(host, 'fetchTarball { url = "channel:nixos-unstable"; sha256 = ""; }')).toBe(storePath)
    expect(host.downloads).toEqual([
      { url: "https://example.org/a/b.txt", name: "b.txt", unpack: false },
      { url: "https://channels.nixos.org/nixos-unstable/nixexprs.tar.xz", name: "source", unpack: true, sha256: "0".repeat(64) },
    ])
    expect(host.lines).toEqual(["warning: found empty hash, assuming 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='"])
  })

  test("what is refused", () => {
    expect(failure('fetchTarball "x"', { pureEval: true })).toBe("in pure evaluation mode, 'fetchTarball' requires a 'sha256' argument")
    expect(failure('fetchTarball "https://x"', { restrictEval: true })).toBe("access to URI 'https://x' is forbidden in restricted mode")
  })
})

describe("fetchTree and fetchGit", () => {
  test("a tree is described by what was found", () => {
    const host = new FetchingHost()
    expect(run(host, 'fetchTree "github:a/b/main"')).toEqual({
      outPath: storePath,
      rev,
      shortRev: "2aae6c3",
      lastModified: 951_782_400,
      lastModifiedDate: "20000229000000",
    })
    expect(host.inputs).toEqual([{ type: "github", owner: "a", repo: "b", ref: "main" }])
  })

  test("fetchGit completes its argument", () => {
    const host = new FetchingHost()
    expect(run(host, 'fetchGit { url = "git@example.org:a/b"; ref = "main"; }')).toMatchObject({ revCount: 0, submodules: false })
    run(host, 'fetchTree { type = "git"; url = "https://example.org/a"; }')
    expect(host.inputs).toEqual([
      { type: "git", url: "ssh://git@example.org/a/b", ref: "main", exportIgnore: true },
      { type: "git", url: "https://example.org/a", shallow: true },
    ])
  })

  test("what is refused", () => {
    expect(failure('fetchGit "https://example.org/a"', { pureEval: true })).toBe(
      "in pure evaluation mode, 'fetchGit' doesn't fetch unlocked input 'git+https://example.org/a?exportIgnore=1'",
    )
    expect(failure('fetchTree { type = "path"; path = "/a"; name = "x"; }')).toBe(
      bytes("argument 'name' isn’t supported in call to 'fetchTree'"),
    )
    expect(failure('fetchTree { type = "path"; path = [ ]; }')).toBe(
      "argument 'path' to 'fetchTree' is a list while a string, Boolean or integer is expected",
    )
  })
})
