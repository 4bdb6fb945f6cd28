// What comes from elsewhere: a bundle that is dropped on the page, and files that its address names. What asks the user about those is
// loaded when there is something to ask.

import { lazy, Suspense } from "react"
import { useDroppedBundle } from "./share/use-dropped-bundle.ts"
import { useBench } from "./workbench-context.ts"

const SourceQuestion = lazy(() => import("./share/SourceQuestion.tsx").then((m) => ({ default: m.SourceQuestion })))

export function SourceNotice() {
  const isAsked = useBench((state) => state.source !== null)
  useDroppedBundle()
  if (!isAsked) return null
  return (
    <Suspense fallback={null}>
      <SourceQuestion />
    </Suspense>
  )
}
