// What can be done with a node. Loaded when the first menu is opened.

import { DropdownMenu } from "radix-ui"
import { useState } from "react"
import type { PrintForm, Ref } from "../../engine/worker/client.ts"
import { useEngine } from "../engine-context.ts"
import { useResult } from "./result-context.ts"
import type { TreeRow } from "./tree-model.ts"

interface Props {
  readonly row: TreeRow
  readonly what: string
  readonly onClose: () => void
  readonly onDerivation: (ref: Ref) => void
}

export function NodeMenu({ row, what, onClose, onDerivation }: Props) {
  const engine = useEngine()
  const { run, addLog, kept, leadsTo, pathOf, show, onExplainNode } = useResult()
  const [said, setSaid] = useState<string | null>(null)
  const view = row.child?.view
  const at = row.child?.at ?? (view?.kind === "function" ? view.at : null)
  const hasPath = (view?.kind === "attrs" && view.derivation !== null) || (view?.kind === "string" && view.context.length > 0)

  const copy = async (text: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      onClose()
    } catch {
      setSaid("The browser does not allow copying here.")
    }
  }
  const copyAs = async (form: PrintForm): Promise<void> => {
    try {
      const printed = await engine.print(run, row.ref, form)
      addLog(printed.log)
      if ("problem" in printed) setSaid(`Not possible: ${printed.problem.message.split("\n")[0]}`)
      else await copy(printed.text.replace(/\n$/, ""))
    } catch {
      setSaid("Stopped.")
    }
  }
  // What takes a moment keeps the menu open until it is done.
  const item = (label: string, act: () => void, stays = false) => (
    <DropdownMenu.Item
      className="menu-item"
      onSelect={(event) => {
        if (stays) event.preventDefault()
        act()
      }}
    >
      {label}
    </DropdownMenu.Item>
  )
  return (
    <DropdownMenu.Root open modal={false} onOpenChange={(open) => (open ? undefined : onClose())}>
      <DropdownMenu.Trigger className="dots" aria-label={`Actions for ${what}`}>
        ⋯
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" collisionPadding={8} loop>
          {item("Copy path", () => void copy(pathOf(row.ref)), true)}
          {item("Copy as Nix", () => void copyAs("nix"), true)}
          {item("Copy as JSON", () => void copyAs("json"), true)}
          {item("Copy as XML", () => void copyAs("xml"), true)}
          <DropdownMenu.Separator className="menu-line" />
          {at !== null && at !== undefined && leadsTo(at.file) ? item("Go to source", () => show(at)) : null}
          {view?.kind === "attrs" && view.derivation !== null ? item("Open the derivation", () => onDerivation(row.ref)) : null}
          {hasPath && onExplainNode !== undefined ? item("Explain its path", () => onExplainNode(row.ref)) : null}
          {kept === null
            ? null
            : kept.isWatched(row.ref)
              ? item("Stop watching", () => kept.unwatch(row.ref))
              : item("Watch", () => kept.watch(row.ref))}
          {said === null ? null : (
            <p className="menu-said" role="status">
              {said}
            </p>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
