// What is to be read beside the program of a lesson.

import { useEffect, useState } from "react"
import type { Lesson } from "./lesson/lessons.ts"
import { Prose } from "./Prose.tsx"
import { useBench, useWorkbench } from "./workbench-context.ts"

export function LessonPane() {
  const bench = useWorkbench()
  const id = useBench((state) => state.workspace.guide)
  const [lessons, setLessons] = useState<readonly Lesson[]>([])
  useEffect(() => {
    import("./lesson/lessons.ts").then(
      (module) => setLessons(module.lessons),
      () => {},
    )
  }, [])
  const at = lessons.findIndex((lesson) => lesson.id === id)
  const lesson = lessons[at]
  const next = lessons[at + 1]
  if (lesson === undefined) return null
  return (
    // A region that scrolls must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <aside className="lesson" aria-label="Lesson" tabIndex={0}>
      <h2>{lesson.title}</h2>
      <Prose text={lesson.prose.join("\n\n")} />
      {next === undefined ? null : (
        <button type="button" onClick={() => void bench.openLesson(next.id)}>
          {`Next: ${next.title}`}
        </button>
      )}
    </aside>
  )
}
