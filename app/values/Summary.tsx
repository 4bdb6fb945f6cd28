// A value on one line, in Nix's notation.

import type { Ref, ValueView } from "../../engine/worker/client.ts"
import { PlaceButton } from "./PlaceButton.tsx"
import { attrsPreview, errorText, functionText, listPreview } from "./preview.ts"
import { count } from "./quote.ts"
import { useResult } from "./result-context.ts"
import { StringText } from "./StringText.tsx"

interface Props {
  readonly view: ValueView
  readonly open: boolean
  /** Whether the node is being forced right now. */
  readonly forcing: boolean
  /** Whether what is inside can be reached by the Tab key. */
  readonly reachable: boolean
  readonly onOpen: () => void
  /** Where the same value was met first. */
  readonly twin: Ref | null
  readonly goTo: (ref: Ref) => void
  readonly onDerivation: (ref: Ref) => void
}

export function Summary({ view, open, forcing, reachable, onOpen, twin, goTo, onDerivation }: Props) {
  const tabIndex = reachable ? 0 : -1
  switch (view.kind) {
    case "int":
    case "float":
      return <code className="number">{view.text}</code>
    case "bool":
      return <code className="word">{String(view.value)}</code>
    case "null":
      return <code className="word">null</code>
    case "path":
      return <code className="path">{view.path}</code>
    case "string":
      return <StringText view={view} reachable={reachable} />
    case "list":
      return (
        <>
          <code>{open ? `[ ${count(view.length, "element")} ]` : listPreview(view.preview, view.length)}</code>
          <Twin twin={twin} goTo={goTo} tabIndex={tabIndex} />
        </>
      )
    case "attrs":
      return (
        <>
          {view.derivation === null ? null : (
            <button type="button" className="drv-chip" tabIndex={tabIndex} onClick={() => onDerivation(view.ref)}>
              {`derivation${view.derivation === "" ? "" : ` ${view.derivation}`}`}
            </button>
          )}
          <code>{open ? `{ ${count(view.size, "attribute")} }` : attrsPreview(view.preview, view.size)}</code>
          <Twin twin={twin} goTo={goTo} tabIndex={tabIndex} />
        </>
      )
    case "function":
      return (
        <>
          <code className="word" title={view.doc ?? undefined}>
            {functionText(view)}
          </code>{" "}
          {view.at === null || open ? null : <PlaceButton place={view.at} reachable={reachable} />}
        </>
      )
    case "unforced":
      return (
        // The button before the row does the same.
        <button type="button" className="thunk" tabIndex={-1} onClick={onOpen}>
          {forcing || view.forcing ? "«being forced»" : "«thunk»"}
        </button>
      )
    case "failed":
      return <code className="error">{errorText(view)}</code>
  }
}

function Twin({ twin, goTo, tabIndex }: { readonly twin: Ref | null; readonly goTo: (ref: Ref) => void; readonly tabIndex: number }) {
  const { pathOf } = useResult()
  if (twin === null) return null
  const where = pathOf(twin)
  return (
    <button type="button" className="place note" tabIndex={tabIndex} onClick={() => goTo(twin)}>
      {`«repeated» ${where === "" ? "the whole value" : where}`}
    </button>
  )
}
