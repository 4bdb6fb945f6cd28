// The page: starts the engine in the background and shows the app at once.

import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { createEngine } from "../engine/worker/client.ts"
import { createLanguage } from "../engine/worker/language-client.ts"
import { App } from "./App.tsx"
import { BuildProvider } from "./build/BuildProvider.tsx"
import type { BuildDesk } from "./build/build-desk.ts"
import { EngineContext } from "./engine-context.ts"
import { EngineDesk } from "./engine-desk.ts"
import { LanguageContext } from "./language-context.ts"
import { createLanguageDesk } from "./language-desk.ts"
import { readSettings } from "./page-settings.ts"
import { pageStorage } from "./page-storage.ts"
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
// In somebody else's page nothing is built.
const builds = embedded ? null : openBuilds()
builds?.catch(() => {})
// That nothing is kept there goes without saying.
const onNotice = (text: string): void => (embedded ? undefined : bench.notify(text, { urgent: true }))
const composition = (): unknown => {
  try {
    return readComposition(readSettings(shelf.settings()).composition)
  } catch {
    // Checked before it was kept: somebody else has changed it.
    return null
  }
}
const desk = new EngineDesk(createEngine({ onNotice, onBuildNews: (news) => void builds?.then((page) => page.hear(news)), composition }))
const bench = createWorkbench({ desk, shelf, language, opened, looking, claims: embedded ? () => null : browserClaims })
// A new visitor sees a value at once, and who follows a link does; a program of one's own runs when it is told to.
if (runs) void bench.preview()
// It will be wanted with the first value.
import("./values/ValuePane.tsx").catch(() => {})
followAddress(bench)
if (embedded) void import("./embed/messages.ts").then(({ listenToParent }) => listenToParent(bench))
else void import("./service-worker.ts").then(({ registerServiceWorker }) => registerServiceWorker(bench)).catch(() => {})
createRoot(element).render(
  <StrictMode>
    <EngineContext value={desk}>
      <LanguageContext value={language}>
        <WorkbenchContext value={bench}>
          <BuildProvider desk={builds}>
            <App embedded={embedded} />
          </BuildProvider>
        </WorkbenchContext>
      </LanguageContext>
    </EngineContext>
  </StrictMode>,
)

async function openBuilds(): Promise<BuildDesk> {
  const [{ createBuildDesk }, { askGateway }] = await Promise.all([import("./build/build-desk.ts"), import("./build/endpoint-choice.ts")])
  const page = createBuildDesk({
    builds: () => desk.builds,
    storage: pageStorage,
    gateway: () => askGateway(() => fetch("gateway.json", { cache: "no-store" })),
    caches: () => bench.store.getState().settings.caches,
    show: () => bench.setPane("builds"),
  })
  // What was being built when the page was left goes on being watched.
  void page.resume()
  return page
}
