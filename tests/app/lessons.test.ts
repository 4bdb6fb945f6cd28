// The gallery: every lesson's program has the paths that its prose names, every example has a value.
import { expect, test } from "vitest"
import { examples } from "../../app/lesson/examples.ts"
import { lessons } from "../../app/lesson/lessons.ts"
import { createWorkspace, requestOf } from "../../app/workspace/workspace.ts"
import { localEngine } from "./local-engine.ts"

test("there are twelve lessons and a dozen examples, each under a name of its own", () => {
  expect(lessons).toHaveLength(12)
  expect(examples.length).toBeGreaterThanOrEqual(12)
  const ids = [...lessons, ...examples].map(({ id }) => id)
  expect(new Set([...lessons].map(({ id }) => id)).size).toBe(12)
  expect(ids.every((id) => /^[a-z0-9-]+$/.test(id))).toBe(true)
})

test.each(lessons.map((lesson) => [lesson.title, lesson] as const))("%s", async (_title, lesson) => {
  const engine = localEngine()
  const { run, view } = await engine.evaluate(requestOf(createWorkspace({ files: lesson.files }), false))
  // A derivation would be printed with everything it is made of: its paths are what matters.
  const ref = view.kind === "attrs" && view.derivation !== null ? ["drvPath"] : []
  await engine.force(run, ref)
  const texts = [await engine.print(run, ref, "json")]
  if (ref.length > 0) texts.push(await engine.print(run, ["outPath"], "json"))
  const all = texts.map((printed) => ("text" in printed ? printed.text : printed.problem.report)).join("\n")
  for (const path of lesson.paths) expect(all).toContain(path)
  expect(texts.every((printed) => "text" in printed)).toBe(true)
})

test.each(examples.map((example) => [example.title, example] as const))("the example '%s' has a value", async (_title, example) => {
  const { view } = await localEngine().evaluate(requestOf(createWorkspace({ files: example.files }), false))
  expect(view.kind).not.toBe("failed")
})
