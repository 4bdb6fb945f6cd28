// The page in jsdom, over an engine in the test's own process, with the plain editor.
import { fireEvent, render, screen } from "@testing-library/react"
import { App } from "../../app/App.tsx"
import { EngineContext } from "../../app/engine-context.ts"
import { EngineDesk } from "../../app/engine-desk.ts"
import { LanguageContext } from "../../app/language-context.ts"
// Loaded by the page when it is idle; here it is there at once.
import "../../app/values/ValuePane.tsx"
import { createWorkbench, type Workbench } from "../../app/workbench.ts"
import { WorkbenchContext } from "../../app/workbench-context.ts"
import { Shelf } from "../../app/workspace/shelf.ts"
import { Language } from "../../engine/worker/language.ts"
import type { LanguageApi } from "../../engine/worker/language-protocol.ts"
import { localEngine } from "./local-engine.ts"

/** Opens the page as it opens in a browser; `hold` makes every answer of the engine wait. */
export function openPage(hold?: () => Promise<void>): Workbench {
  localStorage.setItem("thunkpad/2/settings", JSON.stringify({ editor: "plain" }))
  const desk = new EngineDesk(localEngine(hold))
  const shelf = new Shelf()
  const { saved, isNew } = shelf.last()
  const language: LanguageApi = new Language()
  const bench = createWorkbench({ desk, shelf, language, opened: saved })
  if (isNew) void bench.preview()
  render(
    <EngineContext value={desk}>
      <LanguageContext value={language}>
        <WorkbenchContext value={bench}>
          <App />
        </WorkbenchContext>
      </LanguageContext>
    </EngineContext>,
  )
  return bench
}

export const editor = (): HTMLTextAreaElement => screen.getByRole("textbox", { name: "Nix expression" }) as HTMLTextAreaElement

/** Replaces the text of the open file and presses Ctrl+Enter. */
export function evaluate(text: string): void {
  fireEvent.change(editor(), { target: { value: text } })
  fireEvent.keyDown(editor(), { key: "Enter", ctrlKey: true })
}
