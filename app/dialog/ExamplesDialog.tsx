// The gallery: lessons to read and try, and programs that show the language. Each opens as a workspace of its own.

import { examples } from "../lesson/examples.ts"
import { lessons } from "../lesson/lessons.ts"
import { useWorkbench } from "../workbench-context.ts"
import { Modal } from "./Modal.tsx"

export function ExamplesDialog() {
  const bench = useWorkbench()
  return (
    <Modal title="Examples" about="Each opens as a new workspace; what you have open is kept." wide>
      <h3>How store paths come about</h3>
      <ul className="gallery">
        {lessons.map(({ id, title, prose }) => (
          <li key={id}>
            <button type="button" onClick={() => void bench.openLesson(id)}>
              <strong>{title}</strong>
              <span className="note">{teaser(prose[0] ?? "")}</span>
            </button>
          </li>
        ))}
      </ul>
      <h3>The language</h3>
      <ul className="gallery">
        {examples.map(({ id, title, about, files }) => (
          <li key={id}>
            <button
              type="button"
              onClick={() => {
                bench.createWorkspace({ name: title, files })
                void bench.preview()
              }}
            >
              <strong>{title}</strong>
              <span className="note">{about}</span>
            </button>
          </li>
        ))}
      </ul>
    </Modal>
  )
}

/** The first sentence of a text. */
function teaser(text: string): string {
  return text.replace(/[`*]/g, "").split(/(?<=[.?]) /)[0] ?? ""
}
