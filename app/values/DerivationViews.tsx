// The card of a derivation, or how a store path comes about: each leads to the other. They come when the first is opened.

import { lazy } from "react"
import type { EvaluateRequest, Ref } from "../../engine/worker/client.ts"
import type { Trail } from "./use-trail.ts"
import { printView, type View } from "./view-name.ts"

const DerivationPane = lazy(() => import("../derivation/DerivationPane.tsx").then((m) => ({ default: m.DerivationPane })))
const ExplainPane = lazy(() => import("../derivation/ExplainPane.tsx").then((m) => ({ default: m.ExplainPane })))

interface Props {
  readonly request: EvaluateRequest
  readonly view: View & { readonly kind: "drv" | "explain" }
  /** The node by which a derivation is made: its inputs are made with it. */
  readonly drvRef: Ref
  /** The node whose path is explained where none is named. */
  readonly explained: Ref
  readonly trail: Trail
  readonly onView: (view: string) => void
  /** Explains another node. */
  readonly onNode: (ref: Ref) => void
  /** Copies a link to a view; a step of an explanation has such a button if it is given. */
  readonly onCopyLink?: ((view: string) => void) | undefined
}

export function DerivationViews({ request, view, drvRef, explained, trail, onView, onNode, onCopyLink }: Props) {
  const { goTo, back } = trail
  if (view.kind === "drv")
    return (
      <DerivationPane
        key={view.path}
        request={request}
        drvRef={drvRef}
        path={view.path}
        onDerivation={(path) => goTo({ kind: "drv", path })}
        onExplain={(path) => goTo({ kind: "explain", path, step: "" })}
        onBack={back}
      />
    )
  return (
    <ExplainPane
      drvRef={explained}
      path={view.path}
      step={view.step}
      onPath={(path, step) =>
        path === view.path ? onView(printView({ kind: "explain", path, step })) : goTo({ kind: "explain", path, step })
      }
      onNode={onNode}
      onDerivation={(path) => goTo({ kind: "drv", path })}
      onBack={back}
      {...(onCopyLink === undefined
        ? {}
        : { onCopyLink: (path: string, step: string) => onCopyLink(printView({ kind: "explain", path, step })) })}
    />
  )
}
