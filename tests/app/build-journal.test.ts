// What is remembered of builds from visit to visit.
import { expect, test } from "vitest"
import { forgetJob, forgetRows, noteJob, noteRows, readJournal, rowsToShow } from "../../app/build/build-journal.ts"
import { type BuildRow, unplanned } from "../../app/build/build-row.ts"

function storage() {
  const kept = new Map<string, string>()
  return { kept, getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) }
}

const row = (name: string, more: Partial<BuildRow> = {}): BuildRow => ({ ...unplanned, drvPath: `/s/${name}.drv`, name, ...more })
const rows = (...all: BuildRow[]) => Object.fromEntries(all.map((one) => [one.drvPath, one]))

test("jobs and rows of several tabs stand side by side", () => {
  const store = storage()
  noteJob(store, { drvPath: "/s/a.drv", url: "http://x" })
  noteJob(store, { drvPath: "/s/b.drv", url: "http://x" })
  noteRows(store, rows(row("a", { stage: "building" })))
  noteRows(store, rows(row("b", { stage: "done", ended: 5 })))
  forgetJob(store, "/s/b.drv")
  const journal = readJournal(store)
  expect(journal.jobs).toEqual([{ drvPath: "/s/a.drv", url: "http://x" }])
  expect(Object.keys(journal.rows).sort()).toEqual(["/s/a.drv", "/s/b.drv"])
  forgetRows(store, ({ stage }) => stage === "done")
  expect(Object.keys(readJournal(store).rows)).toEqual(["/s/a.drv"])
})

test("what is over is shown, and what is under way if it is taken up again", () => {
  const all = rows(
    row("top", { inputs: ["/s/low.drv"] }),
    row("low", { stage: "building" }),
    row("gone", { stage: "building" }),
    row("old", { stage: "failed" }),
  )
  const shown = rowsToShow({ jobs: [{ drvPath: "/s/top.drv", url: "http://x" }], rows: all })
  expect(
    Object.values(shown)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["low", "old", "top"])
})

test("the newest two hundred are kept, those under way before all", () => {
  const store = storage()
  noteRows(store, rows(row("running", { stage: "building" })))
  noteRows(store, rows(...Array.from({ length: 300 }, (_, i) => row(`n${i}`, { stage: "done", ended: i }))))
  const kept = Object.values(readJournal(store).rows).map(({ name }) => name)
  expect(kept).toHaveLength(200)
  expect(kept).toContain("running")
  expect(kept).toContain("n299")
  expect(kept).not.toContain("n0")
})

test.each(["", "{", "null", "[]", '{"jobs":[1,{"drvPath":2}],"rows":[null,{"drvPath":"/s/x.drv"}]}'])(
  "what is not ours is as nothing: %s",
  (text) => {
    const store = storage()
    noteJob(store, { drvPath: "/s/a.drv", url: "http://x" })
    for (const key of store.kept.keys()) store.kept.set(key, text)
    expect(readJournal(store)).toEqual({ jobs: [], rows: {} })
  },
)
