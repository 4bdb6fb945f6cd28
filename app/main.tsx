// The page: starts the engine in the background and shows the app at once.

import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { createEngine } from "../engine/worker/client.ts"
import { createLanguage } from "../engine/worker/language-client.ts"
import { App } from "./App.tsx"
import { BuildContext } from "./build/build-context.ts"
import { createBuildDesk } from "./build/build-desk.ts"
import { askGateway } from "./build/endpoint-choice.ts"
import { listenToParent } from "./embed/messages.ts"
import { EngineContext } from "./engine-context.ts"
import { EngineDesk } from "./engine-desk.ts"
import { LanguageContext } from "./language-context.ts"
import { createLanguageDesk } from "./language-desk.ts"
import { readSettings } from "./page-settings.ts"
import { pageStorage } from "./page-storage.ts"
import { registerServiceWorker } from "./service-worker.ts"
import { readComposition } from "./store-settings.ts"
import { followAddress, openingOf } from "./visit.ts"
import { createWorkbench } from "./workbench.ts"
import { WorkbenchContext } from "./workbench-context.ts"
import { Shelf } from "./workspace/shelf.ts"
import { browserClaims } from "./workspace/tab-claim.ts"
import "./style.css"

const element = document.getElementById("app")
if (element === null) throw new Error("the page has no #app element")
const language = createLanguageDesk(createLanguage)
const embedded = new URLSearchParams(location.search).has("embed")
// A page in somebody else's keeps to itself: it neither shows nor changes what the user has in their own.
const shelf = embedded ? new Shelf("memory") : new Shelf()
const { opened, looking, runs } = await openingOf(location, shelf)
// That nothing is kept there goes without saying.
const builds = createBuildDesk({
  builds: () => desk.builds,
  storage: pageStorage,
  gateway: () => askGateway(() => fetch("gateway.json", { cache: "no-store" })),
  caches: () => bench.store.getState().settings.caches,
  show: () => bench.setPane("builds"),
})
const onNotice = (text: string): void => (embedded ? undefined : bench.notify(text, { urgent: true }))
const composition = (): unknown => {
  try {
    return readComposition(readSettings(shelf.settings()).composition)
  } catch {
    // Checked before it was kept: somebody else has changed it.
    return null
  }
}
const desk = new EngineDesk(createEngine({ onNotice, onBuildNews: builds.hear, composition }))
const bench = createWorkbench({ desk, shelf, language, opened, looking, claims: embedded ? () => null : browserClaims })
// A new visitor sees a value at once, and who follows a link does; a program of one's own runs when it is told to.
if (runs) void bench.preview()
// It will be wanted with the first value.
import("./values/ValuePane.tsx").catch(() => {})
followAddress(bench)
if (embedded) listenToParent(bench)
else void registerServiceWorker(bench).catch(() => {})
createRoot(element).render(
  <StrictMode>
    <EngineContext value={desk}>
      <LanguageContext value={language}>
        <WorkbenchContext value={bench}>
          <BuildContext value={embedded ? null : builds}>
            <App embedded={embedded} />
          </BuildContext>
        </WorkbenchContext>
      </LanguageContext>
    </EngineContext>
  </StrictMode>,
)
