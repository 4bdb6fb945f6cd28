// The page of a peer for `npm run bench:app`: Monaco with its own JSON language, whose worker is served as /worker.js.
import { editor } from "monaco-editor/editor"
import "monaco-editor/languages/features/json/register"

/** What the bench drives. */
interface Peer {
  /** Shows a text; the caret is at its end. */
  open(text: string): void
  /** Resolves with the time (performance.now()) of the next change of the markers. */
  marked(): Promise<number>
}

Object.assign(globalThis, {
  MonacoEnvironment: { getWorker: () => new Worker("/worker.js", { type: "module", name: "json" }) },
})
const place = document.createElement("div")
place.style.cssText = "width: 800px; height: 600px"
document.body.append(place)
const model = editor.createModel("", "json")
const shown = editor.create(place, { model, automaticLayout: true, minimap: { enabled: false } })

const peer: Peer = {
  open(text) {
    model.setValue(text)
    shown.setPosition(model.getFullModelRange().getEndPosition())
    shown.focus()
  },
  marked: () =>
    new Promise((resolve) => {
      const listening = editor.onDidChangeMarkers(() => {
        listening.dispose()
        resolve(performance.now())
      })
    }),
}
Object.assign(globalThis, { peer })
