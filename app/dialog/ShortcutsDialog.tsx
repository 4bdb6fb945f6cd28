// All shortcuts.

import { actionsOf } from "../actions.ts"
import { useWorkbench } from "../workbench-context.ts"
import { Modal } from "./Modal.tsx"

export function ShortcutsDialog() {
  const bench = useWorkbench()
  return (
    <Modal title="Keyboard shortcuts">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls on small screens must be reachable by keyboard */}
      <table className="shortcuts" tabIndex={0}>
        <tbody>
          {actionsOf(bench).map(({ id, label, keys }) =>
            keys === undefined ? null : (
              <tr key={id}>
                <td>
                  <kbd>{keys}</kbd>
                </td>
                <td>{label}</td>
              </tr>
            ),
          )}
          <tr>
            <td>
              <kbd>Ctrl+M</kbd>
            </td>
            <td>In the full editor: Tab leaves the editor, or writes spaces again</td>
          </tr>
          <tr>
            <td>
              <kbd>F1</kbd>
            </td>
            <td>In the full editor: all of its own commands</td>
          </tr>
          <tr>
            <td>
              <kbd>Arrows</kbd>
            </td>
            <td>In trees: move, open and close; Enter evaluates</td>
          </tr>
          <tr>
            <td>
              <kbd>F2, Delete</kbd>
            </td>
            <td>In the files: rename or move, delete</td>
          </tr>
        </tbody>
      </table>
    </Modal>
  )
}
