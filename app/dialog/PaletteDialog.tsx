// The command palette: every action by a few letters of its name.

import { Command } from "cmdk"
import { useState } from "react"
import { actionsOf } from "../actions.ts"
import { lessons } from "../lesson/lessons.ts"
import { useWorkbench } from "../workbench-context.ts"
import { Modal } from "./Modal.tsx"

export function PaletteDialog() {
  const bench = useWorkbench()
  const [text, setText] = useState(bench.typedAhead)
  const others = bench.workspaces().filter(({ workspace }) => workspace.id !== bench.store.getState().workspace.id)
  const then = (run: () => void) => () => {
    bench.show(null)
    run()
  }
  return (
    <Modal title="Actions">
      <Command label="Actions" loop>
        <Command.Input placeholder="What do you want to do?" autoFocus value={text} onValueChange={setText} />
        <Command.List>
          <Command.Empty>Nothing has that name.</Command.Empty>
          {actionsOf(bench)
            .filter(({ id }) => id !== "palette")
            .map(({ id, label, keys, run }) => (
              <Command.Item key={id} value={`${label} ${id}`} onSelect={then(run)}>
                <span>{label}</span>
                {keys === undefined ? null : <kbd>{keys}</kbd>}
              </Command.Item>
            ))}
          {others.map((saved) => (
            <Command.Item
              key={saved.workspace.id}
              value={`workspace ${saved.workspace.name} ${saved.workspace.id}`}
              onSelect={then(() => bench.openWorkspace(saved))}
            >
              {`Workspace: ${saved.workspace.name}`}
            </Command.Item>
          ))}
          {lessons.map(({ id, title }) => (
            <Command.Item key={id} value={`lesson ${title}`} onSelect={then(() => void bench.openLesson(id))}>
              {`Lesson ${title}`}
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </Modal>
  )
}
