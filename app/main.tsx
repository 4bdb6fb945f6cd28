// The page: starts the engine in the background and shows the app at once.

import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { createEngine } from "../engine/worker/client.ts"
import { App } from "./App.tsx"
import { EngineContext } from "./engine-context.ts"
import { EngineDesk } from "./engine-desk.ts"
import { openWorkspace } from "./workspace.ts"
import "./style.css"

const root = document.getElementById("app")
if (root === null) throw new Error("the page has no #app element")
createRoot(root).render(
  <StrictMode>
    <EngineContext value={new EngineDesk(createEngine())}>
      <App workspace={openWorkspace()} />
    </EngineContext>
  </StrictMode>,
)
