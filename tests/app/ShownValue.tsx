// A result in the pane as the page has it, over the real session.
import { act, render, screen } from "@testing-library/react"
import { useState } from "react"
import { EngineContext } from "../../app/engine-context.ts"
import { EngineDesk } from "../../app/engine-desk.ts"
import { ValuePane } from "../../app/values/ValuePane.tsx"
import type { Evaluated, EvaluateRequest, PlaceView, Ref } from "../../engine/worker/client.ts"
import { localEngine } from "./local-engine.ts"

export interface PaneShown {
  readonly desk: EngineDesk
  readonly request: EvaluateRequest
  readonly places: readonly PlaceView[]
  /** The views that were opened, and the nodes that were selected. */
  readonly views: readonly string[]
  readonly selections: readonly (Ref | null)[]
  readonly links: readonly string[]
  /** Lets the engine's answers wait until the returned function is called. */
  hold(): () => void
  /** Shows the result of another program in place of the last one. */
  evaluate(expr: string): Promise<void>
}

interface Recorded {
  places: PlaceView[]
  views: string[]
  selections: (Ref | null)[]
  links: string[]
}

interface PaneProps {
  readonly request: EvaluateRequest
  readonly result: Evaluated
  readonly first: string
  readonly selected: Ref | null
  readonly cursor: PlaceView | null
  readonly recorded: Recorded
}

/** Which view is open is the parent's to know. */
function Pane({ request, result, first, selected: given, cursor, recorded }: PaneProps) {
  const [view, setView] = useState(first)
  const [selected, select] = useState(given)
  return (
    <ValuePane
      key={result.run}
      request={request}
      result={result}
      leadsTo={(file) => file === "«string»"}
      show={(place) => recorded.places.push(place)}
      view={view}
      onView={(name) => {
        recorded.views.push(name)
        setView(name)
      }}
      selected={selected}
      onSelect={(ref) => {
        recorded.selections.push(ref)
        select(ref)
      }}
      cursor={cursor}
      onCopyLink={(name) => recorded.links.push(name)}
    />
  )
}

interface Options {
  readonly view?: string
  readonly selected?: Ref
  readonly cursor?: PlaceView
  readonly files?: Readonly<Record<string, string>>
}

/** Evaluates an expression and shows its value. */
export async function showValue(expr: string, { view = "tree", selected, cursor, files }: Options = {}): Promise<PaneShown> {
  let gate = Promise.resolve()
  const desk = new EngineDesk(localEngine(() => gate))
  const recorded: Recorded = { places: [], views: [], selections: [], links: [] }
  const requestFor = (text: string): EvaluateRequest => ({
    expr: text,
    options: { observe: 1000 },
    ...(files === undefined ? {} : { files }),
  })
  const pane = (request: EvaluateRequest, result: Evaluated) => (
    <EngineContext value={desk}>
      <Pane request={request} result={result} first={view} selected={selected ?? null} cursor={cursor ?? null} recorded={recorded} />
    </EngineContext>
  )
  const request = requestFor(expr)
  const { rerender } = render(pane(request, await desk.evaluate(request)))
  await screen.findByRole("tablist")
  return {
    ...recorded,
    desk,
    request,
    hold() {
      let open: () => void = () => {}
      gate = new Promise((resolve) => {
        open = resolve
      })
      return open
    },
    async evaluate(text) {
      const next = requestFor(text)
      const result = await desk.evaluate(next)
      await act(async () => rerender(pane(next, result)))
    },
  }
}
