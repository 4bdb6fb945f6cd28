// The store of a tab as the library shows it: imports, evaluation from it, what outlives reload and Stop, what is said when nothing
// is kept, the network only when allowed. In a real Chromium over the built files.
import type { BrowserContext, Page } from "playwright-core"
import { expect, test } from "vitest"
import type { NarEvent } from "../../engine/formats/nar/grammar.ts"
import { NarWriter } from "../../engine/formats/nar/writer.ts"
import type { Engine, EvaluateRequest } from "../../engine/worker/client.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()
let context: BrowserContext

interface Globals {
  engine: Engine
  notices: string[]
}

/** A page with an engine of its own, on the storage of the context. */
async function openPage(on: BrowserContext): Promise<Page> {
  const page = await on.newPage()
  await page.goto(site.url)
  // As text: vitest rewrites an import() in code.
  await page.evaluate(`import("/engine.js").then(({ createEngine }) => {
    globalThis.notices = []
    globalThis.engine = createEngine({ onNotice: (message) => notices.push(message) })
  })`)
  return page
}

/** Evaluates and prints as JSON; the problem's code and message otherwise. */
function evaluate(page: Page, request: EvaluateRequest): Promise<{ json: string } | { code: string; message: string }> {
  return page.evaluate(async (asked) => {
    const { engine } = globalThis as unknown as Globals
    const { run, view } = await engine.evaluate(asked)
    const printed = view.kind === "failed" ? view : await engine.print(run, [], "json")
    await engine.release(run)
    return "problem" in printed ? { code: printed.problem.code, message: printed.problem.message } : { json: printed.text.trim() }
  }, request)
}

const files = [
  {
    path: "default.nix",
    data: '{ n = import ./lib/n.nix; src = builtins.path { path = ./.; name = "src"; }; text = builtins.readFile ./lib/text; }',
  },
  { path: "lib/n.nix", data: "20 + 22" },
  { path: "lib/text", data: "grüße" },
  { path: "run.sh", data: "#!/bin/sh\n", executable: true },
  { path: "link", data: { symlink: "lib/text" } },
]

function narOf(events: readonly NarEvent[]): Uint8Array {
  const parts: Uint8Array[] = []
  const writer = new NarWriter((chunk) => parts.push(chunk.slice()))
  for (const event of events) writer.write(event)
  writer.finish()
  return Buffer.concat(parts)
}

async function importFiles(page: Page, name = "set"): Promise<string> {
  return page.evaluate(([name, files]) => (globalThis as unknown as Globals).engine.store.importFiles(name, files), [name, files] as const)
}

test("what was imported and what evaluation has written is there after a reload", async () => {
  context = await site.browser.newContext()
  const first = await openPage(context)
  const tree = await importFiles(first)
  expect(tree).toMatch(/^\/nix\/store\/[0-9a-z]{32}-set$/)
  const trees = { "/home/set": tree }
  const expr = `let set = import /home/set; drv = derivation { name = "d"; system = "s"; builder = set.src + "/run.sh"; }; in
    { inherit (set) n text; inherit (drv) drvPath; same = builtins.readFile drv.drvPath != ""; link = builtins.readFile /home/set/link; }`
  const before = await evaluate(first, { expr, trees })
  const value = JSON.parse((before as { json: string }).json) as { drvPath: string }
  expect(value).toMatchObject({ n: 42, text: "grüße", link: "grüße", same: true })
  await first.evaluate(() => (globalThis as unknown as Globals).engine.store.flush())
  await first.close()

  const second = await openPage(context)
  expect(await evaluate(second, { expr, trees })).toEqual(before)
  expect(await evaluate(second, { expr: `(import ${value.drvPath}).outPath != ""` })).toEqual({ json: "true" })
  const seen = await second.evaluate(
    async ([drvPath, tree]) => {
      const { store } = (globalThis as unknown as Globals).engine
      await store.flush()
      return {
        report: await store.report(),
        drv: JSON.parse(await store.derivation(drvPath)) as { name: string },
        object: await store.object(drvPath),
        entries: await store.entries(`${tree}/lib`),
        root: await store.entries(tree),
        text: new TextDecoder().decode(await store.read(`${tree}/lib/text`)),
        objects: await store.objects(0, 2),
        absent: await store.read(`${tree}/none`).catch((e: { code: string; message: string }) => [e.code, e.message]),
      }
    },
    [value.drvPath, tree] as const,
  )
  expect(seen.report).toMatchObject({ place: "browser", notice: null, objects: 3, waiting: 0, problem: null })
  expect(seen.drv.name).toBe("d")
  expect(seen.object).toMatchObject({ path: value.drvPath, kind: "file", contentAddress: expect.stringMatching(/^text:sha256:/) })
  expect(seen.object?.references).toEqual([expect.stringMatching(/-src$/)])
  expect(seen.entries).toEqual([
    { name: "n.nix", kind: "file", size: 7, executable: false, target: null },
    { name: "text", kind: "file", size: 7, executable: false, target: null },
  ])
  expect(seen.root.map(({ name, kind, executable, target }) => [name, kind, executable, target])).toEqual([
    ["default.nix", "file", false, null],
    ["lib", "directory", false, null],
    ["link", "symlink", false, "lib/text"],
    ["run.sh", "file", true, null],
  ])
  expect(seen.text).toBe("grüße")
  expect(seen.objects).toMatchObject({ total: 3, next: 2 })
  expect(seen.absent).toEqual(["absent", `path '${tree}/none' does not exist`])
  await context.close()
})

test("a tree from memory covers one of the store, and an imported tree has the path that Nix gives it", async () => {
  context = await site.browser.newContext()
  const page = await openPage(context)
  const tree = await importFiles(page)
  const covered = { trees: { "/s": tree }, files: { "/s/lib/n.nix": "1", "/s/lib/more": { program: "#!x" } } }
  expect(await evaluate(page, { ...covered, expr: "[ (import /s).n (builtins.readDir /s/lib) ]" })).toEqual({
    json: '[1,{"more":"regular","n.nix":"regular","text":"regular"}]',
  })
  // From the same files as data.
  const data = Object.fromEntries(
    files.map(({ path, data, executable }) => [`/s/${path}`, executable === true ? { program: data as string } : data]),
  )
  expect(await evaluate(page, { files: data, expr: 'builtins.path { path = /s; name = "set"; }' })).toEqual({ json: `"${tree}"` })
  await context.close()
})

test("archives and derivations of the user's disk become store objects", async () => {
  context = await site.browser.newContext()
  const page = await openPage(context)
  const data = await evaluate(page, { files: { "/s/a/b": "text" }, expr: 'builtins.path { path = /s; name = "s"; }' })
  const nar = narOf([
    { kind: "directory", name: undefined },
    { kind: "directory", name: "a" },
    { kind: "file", name: "b", executable: false, size: 4, offset: 0 },
    { kind: "contents", bytes: Buffer.from("text") },
    { kind: "end" },
    { kind: "end" },
  ])
  const drv = await evaluate(page, {
    expr: 'let d = derivation { name = "d"; system = "s"; builder = "b"; }; in [ d.drvPath (builtins.readFile d.drvPath) ]',
  })
  const [drvPath, aterm] = JSON.parse((drv as { json: string }).json) as [string, string]
  const other = await site.browser.newContext()
  const elsewhere = await openPage(other)
  const imported = await elsewhere.evaluate(
    async ([nar, name, aterm]) => {
      const { store } = (globalThis as unknown as Globals).engine
      const bytes = Uint8Array.from(atob(nar), (char) => char.charCodeAt(0))
      const tree = await store.importTree("s", { kind: "archive", file: new Blob([bytes]), fileName: "s.nar" })
      const drvs = await store.importDerivations([{ path: name, file: new File([aterm], name) }])
      const wrong = await store
        .importDerivations([{ path: name, file: new File([`${aterm} `], name) }])
        .catch((e: { code: string }) => e.code)
      return { tree, drvs, wrong }
    },
    [Buffer.from(nar).toString("base64"), drvPath.slice(11), aterm] as const,
  )
  expect(imported).toEqual({ tree: JSON.parse((data as { json: string }).json), drvs: [drvPath], wrong: "invalid" })
  expect(await evaluate(elsewhere, { expr: `(import ${drvPath}).drvPath` })).toEqual({ json: `"${drvPath}"` })
  await other.close()
  await context.close()
})

test("Stop in the middle of an import leaves nothing, and the next import succeeds", async () => {
  context = await site.browser.newContext()
  const page = await openPage(context)
  const outcome = await page.evaluate(async () => {
    const { engine } = globalThis as unknown as Globals
    const many = Array.from({ length: 3000 }, (_, i) => ({ path: `d${i % 50}/f${i}`, data: `${i} `.repeat(500) }))
    await engine.store.report()
    const why = await engine.store.importFiles("many", many, { progress: () => engine.stop() }).then(
      () => "imported",
      (e: Error) => e.name,
    )
    const between = (await engine.store.report()).objects
    const cancel = new AbortController()
    const cancelled = await engine.store
      .importFiles("many", many, { signal: cancel.signal, progress: () => cancel.abort() })
      .catch((e: { code: string }) => e.code)
    const after = (await engine.store.report()).objects
    const path = await engine.store.importFiles("many", many)
    return { why, between, cancelled, after, entries: (await engine.store.entries(path)).length }
  })
  expect(outcome).toEqual({ why: "EngineStopped", between: 0, cancelled: "cancelled", after: 0, entries: 50 })
  await context.close()
})

test("Stop at any moment of evaluating and writing leaves no object without its contents", async () => {
  context = await site.browser.newContext()
  const page = await openPage(context)
  const { stopped, objects, faults } = await page.evaluate(async () => {
    const { engine } = globalThis as unknown as Globals
    const program = (round: number) =>
      `map (i: (derivation { name = "d\${toString i}-${round}"; system = "s"; builder = builtins.toFile "b" "\${toString i}"; }).drvPath) (builtins.genList (i: i) 300)`
    const write = async (round: number) => {
      const { run } = await engine.evaluate({ expr: program(round) })
      await engine.print(run, [], "json")
      await engine.store.flush()
    }
    await engine.store.report()
    const started = performance.now()
    await write(0)
    // Later when it was too early to see anything written, earlier when all was done.
    let delay = (performance.now() - started) / 4
    let stopped = 0
    for (let round = 1; round <= 10; round++) {
      const written = write(round)
      // The worker is new: the first call tells that it is there.
      await engine.store.roots()
      await new Promise((resolve) => setTimeout(resolve, delay))
      engine.stop()
      const ended = await written.then(
        () => true,
        () => false,
      )
      if (!ended) stopped++
      delay *= ended ? 0.4 : 1.3
    }
    const { objects } = await engine.store.report()
    return { stopped, objects, faults: await engine.store.verify() }
  })
  console.log(`stopped ${stopped} of 10 evaluations, ${objects} objects were written`)
  expect(stopped).toBeGreaterThan(1)
  expect(objects).toBeGreaterThan(0)
  expect(faults).toEqual([])
  await context.close()
})

test("garbage is what neither a root nor an open run keeps; what is damaged is found, and given up", async () => {
  context = await site.browser.newContext()
  const page = await openPage(context)
  const outcome = await page.evaluate(async () => {
    const { engine } = globalThis as unknown as Globals
    const { store } = engine
    const make = (name: string) => store.importFiles(name, [{ path: "a.nix", data: `"${name}"` }])
    const [rooted, open, garbage] = [await make("rooted"), await make("open"), await make("garbage")]
    await store.keep("mine", [rooted])
    const { run } = await engine.evaluate({ expr: 'builtins.toFile "made" (import /s/a.nix)', trees: { "/s": open } })
    const would = await store.collectable()
    const collected = await store.collect()
    const after = await Promise.all([rooted, open, garbage].map(async (path) => (await store.object(path)) !== null))
    await engine.release(run)
    await store.keep("mine", [])
    const again = await store.collect()
    return { would: would.removed, collected: collected.removed, garbage, after, again: again.removed.length, faults: await store.verify() }
  })
  expect(outcome).toMatchObject({
    would: [outcome.garbage],
    collected: [outcome.garbage],
    after: [true, true, false],
    again: 3,
    faults: [],
  })
  const damaged = await page.evaluate(async () => {
    const { engine } = globalThis as unknown as Globals
    const { store } = engine
    const path = await store.importFiles("d", [{ path: "a.nix", data: "1" }])
    const before = await engine.evaluate({ expr: "import /s/a.nix", trees: { "/s": path } })
    engine.stop()
    // Every pack of contents loses its last byte.
    await new Promise<void>((resolve, reject) => {
      const opening = indexedDB.open("thunkpad")
      opening.onsuccess = () => {
        const database = opening.result
        const transaction = database.transaction(["blob-packs"], "readwrite")
        const packs = transaction.objectStore("blob-packs")
        packs.openCursor().onsuccess = ({ target }) => {
          const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result
          if (cursor === null) return
          const bytes = new Uint8Array(cursor.value as Uint8Array)
          bytes[bytes.length - 1] = 0x32
          cursor.update(bytes)
          cursor.continue()
        }
        transaction.oncomplete = () => {
          database.close()
          resolve()
        }
        transaction.onerror = () => reject(transaction.error)
      }
    })
    const { view } = await engine.evaluate({ expr: "import /s/a.nix", trees: { "/s": path } })
    const faults = await store.verify()
    const given = await store.giveUp()
    await store.importFiles("d", [{ path: "a.nix", data: "1" }])
    const good = await engine.evaluate({ expr: "import /s/a.nix", trees: { "/s": path } })
    return { before: before.view, path, view, faults, given, good: good.view, left: await store.verify() }
  })
  expect(damaged.before).toEqual({ kind: "int", text: "1" })
  expect(damaged.view).toMatchObject({
    kind: "failed",
    problem: { message: expect.stringMatching(/^reading file '\/s\/a\.nix': .*damaged/) },
  })
  expect(damaged.faults).toEqual([expect.objectContaining({ path: damaged.path, code: "damaged" })])
  expect(damaged.given).toEqual([damaged.path])
  expect([damaged.good, damaged.left]).toEqual([{ kind: "int", text: "1" }, []])
  await context.close()
})

test("what one tab removes another does not see any more", async () => {
  context = await site.browser.newContext()
  const [one, other] = [await openPage(context), await openPage(context)]
  const tree = await importFiles(one)
  const request = { expr: "(import /s).n", trees: { "/s": tree } }
  expect(await evaluate(other, request)).toEqual({ json: "42" })
  expect(await one.evaluate(async () => (await (globalThis as unknown as Globals).engine.store.collect()).removed)).toEqual([tree])
  expect(await evaluate(other, request)).toEqual({ code: "invalid-path", message: `path '${tree}' is not valid` })
  expect(await importFiles(other)).toBe(tree)
  expect(await evaluate(one, request)).toEqual({ json: "42" })
  await context.close()
})

test("where storage is denied everything works in memory, and it is said", async () => {
  context = await site.browser.newContext()
  await context.route(/\/assets\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch()
    const denied = `Object.defineProperty(self, "indexedDB", { get() { throw new DOMException("denied", "SecurityError") } });`
    await route.fulfill({ response, body: denied + (await response.text()) })
  })
  const page = await openPage(context)
  const tree = await importFiles(page)
  expect(await evaluate(page, { expr: "(import /s).n", trees: { "/s": tree } })).toEqual({ json: "42" })
  const { report, notices } = await page.evaluate(async () => {
    const { engine, notices } = globalThis as unknown as Globals
    return { report: await engine.store.report(), notices }
  })
  expect(report).toMatchObject({ place: "memory", objects: 1, notice: expect.stringMatching(/^Nothing is kept/) })
  expect(notices).toEqual([report.notice])
  await context.close()
})

test("the network is asked only when the run allows it", async () => {
  context = await site.browser.newContext()
  const page = await openPage(context)
  const url = `${site.url}icon.svg`
  const expr = `let f = builtins.fetchurl "${url}"; in [ f (builtins.stringLength (builtins.readFile f)) ]`
  expect(await evaluate(page, { expr })).toEqual({ code: "not-allowed", message: `downloading '${url}' has not been allowed` })
  const fetched = JSON.parse(((await evaluate(page, { expr, allowFetch: true })) as { json: string }).json) as [string, number]
  expect(fetched).toEqual([expect.stringMatching(/-icon\.svg$/), 266])
  // With the hash its path is known without; its contents are there by now.
  const pinned = (hash: string) => `builtins.fetchurl { url = "${url}"; sha256 = "${hash}"; }`
  const hash = JSON.parse(((await evaluate(page, { expr: `builtins.hashFile "sha256" ${fetched[0]}` })) as { json: string }).json) as string
  expect(await evaluate(page, { expr: pinned(hash) })).toEqual({ json: `"${fetched[0]}"` })
  const other = "0".repeat(64)
  expect(await evaluate(page, { expr: `baseNameOf (${pinned(other)})` })).toEqual({ json: expect.stringMatching(/-icon\.svg"$/) })
  expect(await evaluate(page, { expr: `builtins.readFile (${pinned(other)})` })).toMatchObject({ code: "not-allowed" })
  expect(await evaluate(page, { expr: pinned(other), allowFetch: true })).toMatchObject({ message: expect.stringMatching(/hash mismatch/) })
  await context.close()
})
