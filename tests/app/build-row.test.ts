// What news make of the table of builds, and what is read from it and from logs.
import { expect, test } from "vitest"
import { ansiParts, plainText } from "../../app/build/ansi.ts"
import { type BuildRows, drvName, errorExtract, stateOf, treeLines, withNews } from "../../app/build/build-row.ts"
import { askGateway, readChoice, writeChoice } from "../../app/build/endpoint-choice.ts"
import { type BuildTimes, leftOf, timeKey, withTime } from "../../app/build/estimate.ts"
import { LogText } from "../../app/build/log-text.ts"
import { timeText } from "../../app/build/time-text.ts"
import type { BuildNews, PlanRow } from "../../engine/worker/client.ts"

const drv = (name: string): string => `/nix/store/${"0".repeat(32)}-${name}.drv`
const planned = (name: string, inputs: readonly string[] = [], action: PlanRow["action"] = "build"): PlanRow => ({
  drvPath: drv(name),
  name,
  action,
  outputs: { out: `/nix/store/${"1".repeat(32)}-${name}` },
  inputs: inputs.map(drv),
  system: "x86_64-linux",
})
const plan: BuildNews = {
  kind: "planned",
  rows: [
    planned("top", ["left", "right"]),
    planned("left", ["low"]),
    planned("right", ["low"]),
    planned("low"),
    planned("there", [], "none"),
  ],
  time: 1000,
}
const states = (rows: BuildRows): string[] => treeLines(rows).map(({ row, depth }) => `${"  ".repeat(depth)}${row.name} ${stateOf(row)}`)

test("a plan is a tree in which each derivation stands once", () => {
  expect(states(withNews({}, [plan]))).toEqual(["there done", "top planned", "  left planned", "    low planned", "  right planned"])
})

test("stages, times, attempts and the fault come from the news; what runs is not begun anew by another plan", () => {
  const fault = { reason: "builder", message: "builder failed", exitCode: 2, lastLines: ["error: no"] } as const
  const rows = withNews({}, [
    plan,
    { kind: "stage", drvPath: drv("low"), stage: "uploading", time: 2000 },
    { kind: "progress", drvPath: drv("low"), done: 1, all: 2 },
    { kind: "retry", drvPath: drv("low"), reason: "connection lost", delay: 10, time: 2100 },
    { kind: "stage", drvPath: drv("low"), stage: "building", time: 2500 },
    { kind: "started", drvPath: drv("low"), executor: "bubblewrap", machine: "", attempt: 2, time: 2500 },
    { kind: "placed", drvPath: drv("low"), machine: "here" },
    plan,
  ])
  expect(rows[drv("low")]).toMatchObject({ stage: "building", began: 2000, machine: "here", attempt: 2, retries: ["connection lost"] })
  const over = withNews(rows, [{ kind: "failed", drvPath: drv("low"), fault, time: 5000 }])
  expect(over[drv("low")]).toMatchObject({ stage: "failed", began: 2000, ended: 5000, fault })
  const again = withNews(over, [plan])
  expect(again[drv("low")]).toMatchObject({ stage: "planned", fault: null, began: null })
})

test("whether outputs differ is said of builds that were done again only", () => {
  const done: BuildNews = { kind: "done", drvPath: drv("low"), outputs: { out: "/nix/store/x" }, differs: ["out"], time: 3000 }
  expect(withNews({}, [plan, done])[drv("low")]?.differs).toBeNull()
  expect(withNews({}, [plan, done], new Set([drv("low")]))[drv("low")]?.differs).toEqual(["out"])
})

test("the extract of a log begins where it speaks of an error", () => {
  const fault = (lastLines: string[]) => ({ reason: "builder", message: "", exitCode: 1, lastLines }) as const
  expect(errorExtract(fault(["cc a.c", "a.c:1: error: x", "make: stopped"]))).toEqual(["a.c:1: error: x", "make: stopped"])
  expect(errorExtract(fault(["1", "2", "3"]), 2)).toEqual(["2", "3"])
})

test("a log is put together from pieces that are cut anywhere, in the middle of letters too", () => {
  const log = new LogText()
  const bytes = new TextEncoder().encode("one\nzwölf\nprogress 1\rprogress 2\nlast")
  for (let i = 0; i < bytes.length; i += 5) log.add(bytes.subarray(i, i + 5))
  expect(log.lines()).toEqual(["one", "zwölf", "progress 2", "last"])
  log.clear()
  expect(log.lines()).toEqual([])
})

test("old lines of an endless log are dropped and counted", () => {
  const log = new LogText()
  const many = new TextEncoder().encode("x\n".repeat(10_000))
  for (let i = 0; i < 20; i++) log.add(many)
  expect(log.lines().length + log.dropped).toBe(200_000)
  expect(log.lines().length).toBeLessThan(60_000)
})

test("colours of terminals become tones, other sequences nothing", () => {
  const line = "\x1b[1;31merror:\x1b[0m no \x1b[32mfile\x1b[K\x1b]0;title\x07"
  expect(ansiParts(line)).toEqual([
    { text: "error:", tone: "ansi-red ansi-bold" },
    { text: " no ", tone: "" },
    { text: "file", tone: "ansi-green" },
  ])
  expect(plainText(line)).toBe("error: no file")
})

test("names and times for people", () => {
  expect(drvName(drv("hello-2.12"))).toBe("hello-2.12")
  expect([400, 12_000, 185_000, 7_800_000].map(timeText)).toEqual(["0.4 s", "12 s", "3 min 5 s", "2 h 10 min"])
})

test("a server that answers every address with the page tells of no gateway", async () => {
  const json = { headers: { "content-type": "application/json" } }
  expect(await askGateway(async () => new Response("<html>"))).toBeNull()
  expect(await askGateway(async () => new Response("", { status: 404 }))).toBeNull()
  expect(await askGateway(async () => new Response('{"url":"http://127.0.0.1:1"}', json))).toEqual({ url: "http://127.0.0.1:1" })
  expect(await askGateway(async () => new Response('{"url":"javascript:1"}', json))).toBeNull()
  expect(await askGateway(async () => new Response('{"problem":"no"}', json))).toEqual({ problem: "no" })
  expect(await askGateway(() => Promise.reject(new Error("offline")))).toBeNull()
})

test("the choice of an endpoint outlives the page; what somebody else wrote there is as nothing", () => {
  const kept = new Map<string, string>()
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) }
  const choice = { own: { url: "https://b.example", token: "t" }, allowed: ["https://b.example"], times: { hello: 12 } }
  writeChoice(storage, choice)
  expect(readChoice(storage)).toEqual(choice)
  for (const text of ["null", "[]", "{", '{"own":1,"allowed":2,"times":3}']) {
    for (const key of kept.keys()) kept.set(key, text)
    expect(readChoice(storage)).toEqual({ own: null, allowed: [], times: {} })
  }
})

test("a build that waits at the endpoint does not run; its time is that of its builder", () => {
  const low = drv("low")
  const waiting = withNews({}, [
    plan,
    { kind: "stage", drvPath: low, stage: "building", time: 2000 },
    { kind: "queued", drvPath: low, position: 3 },
  ])
  expect(stateOf(waiting[low]!)).toBe("planned")
  const running = withNews(waiting, [{ kind: "started", drvPath: low, executor: "bubblewrap", machine: "", attempt: 1, time: 9000 }])
  expect([stateOf(running[low]!), running[low]!.started]).toEqual(["running", 9000])
  expect(withNews(running, [{ kind: "built", drvPath: low, took: 1500 }])[low]!.took).toBe(1500)
})

test("what is left is the longest way through the graph, by what was usual without the version", () => {
  let times: BuildTimes = {}
  for (const [name, took] of [
    ["low", 4000],
    ["left-1.2", 2000],
    ["left-1.3", 6000],
    ["right", 1000],
  ] as const)
    times = withTime(times, name, took)
  // The mean of the two, under one name.
  expect(times).toEqual({ low: 4000, left: 4000, right: 1000 })
  expect(["hello-2.12.1", "python3.11-numpy-1.26", "x-unstable-2024-01-01", "middle-1", "-1"].map(timeKey)).toEqual([
    "hello",
    "python3.11-numpy",
    "x-unstable",
    "middle-1",
    "-1",
  ])
  const rows = withNews({}, [
    {
      kind: "planned",
      rows: [planned("top", ["left-2.0", "right"]), planned("left-2.0", ["low"]), planned("right", ["low"]), planned("low")],
      time: 0,
    },
  ])
  expect(leftOf(rows, times, drv("top"), 0)).toEqual({ time: 8000, unknown: 1 })
  const begun = withNews(rows, [
    { kind: "stage", drvPath: drv("low"), stage: "building", time: 0 },
    { kind: "started", drvPath: drv("low"), executor: "x", machine: "", attempt: 1, time: 10_000 },
  ])
  expect(leftOf(begun, times, drv("top"), 13_000).time).toBe(5000)
  // What takes longer than usual is about to end.
  expect(leftOf(begun, times, drv("top"), 99_000).time).toBe(4000)
  const done = withNews(begun, [
    { kind: "done", drvPath: drv("low"), outputs: {}, differs: [], time: 1 },
    { kind: "done", drvPath: drv("left-2.0"), outputs: {}, differs: [], time: 1 },
  ])
  expect(leftOf(done, times, drv("top"), 0)).toEqual({ time: 1000, unknown: 1 })
  expect(leftOf({}, times, drv("top"), 0)).toEqual({ time: 0, unknown: 0 })
})
