// A dialog over the page: takes the focus and gives it back, Escape closes it.

import { Dialog } from "radix-ui"
import type { ReactNode } from "react"
import { useWorkbench } from "../workbench-context.ts"
import "./dialog.css"

interface Props {
  readonly title: string
  /** A sentence for those who do not see the dialog. */
  readonly about?: string
  readonly wide?: boolean
  readonly children: ReactNode
}

export function Modal({ title, about, wide = false, children }: Props) {
  const bench = useWorkbench()
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : bench.show(null))}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className={wide ? "dialog wide" : "dialog"} {...(about === undefined ? { "aria-describedby": undefined } : {})}>
          <div className="dialog-head">
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close className="close" aria-label="Close">
              ×
            </Dialog.Close>
          </div>
          {about === undefined ? null : <Dialog.Description>{about}</Dialog.Description>}
          <div className="dialog-body">{children}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
