// Compare: what a link carries, another workspace or an earlier state beside the open workspace.

import { useState } from "react"
import { Modal } from "../dialog/Modal.tsx"
import { useBench } from "../workbench-context.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { ComparePicker } from "./ComparePicker.tsx"
import { CompareReport } from "./CompareReport.tsx"

export function CompareDialog() {
  const workspace = useBench((state) => state.workspace)
  const [other, setOther] = useState<Workspace | null>(null)
  return (
    <Modal title="Compare" about="What is compared runs under a small budget, and neither fetches nor builds." wide>
      {other === null ? (
        <ComparePicker onPick={setOther} />
      ) : (
        <CompareReport left={other} right={workspace} onBack={() => setOther(null)} />
      )}
    </Modal>
  )
}
