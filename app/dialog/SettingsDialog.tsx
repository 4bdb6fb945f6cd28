// Settings: of the page for this user, and of the workspace that is open (these travel with its links).

import { useEngine } from "../engine-context.ts"
import { type PageSettings, usualSettings } from "../page-settings.ts"
import { useBench, useWorkbench } from "../workbench-context.ts"
import type { WorkspaceSettings } from "../workspace/workspace.ts"
import { CacheSettingsForm } from "./CacheSettingsForm.tsx"
import { CompositionForm } from "./CompositionForm.tsx"
import { Modal } from "./Modal.tsx"

const systems = ["x86_64-linux", "aarch64-linux", "i686-linux", "x86_64-darwin", "aarch64-darwin", "riscv64-linux"]

const budgets: readonly {
  readonly key: "maxCallDepth" | "maxSeconds" | "maxSteps" | "maxBytes"
  readonly label: string
  readonly usual: string
}[] = [
  { key: "maxCallDepth", label: "Call depth", usual: "10000" },
  { key: "maxSeconds", label: "Seconds", usual: "no limit" },
  { key: "maxSteps", label: "Function calls", usual: "no limit" },
  { key: "maxBytes", label: "Bytes allocated in total", usual: "no limit" },
]

export function SettingsDialog() {
  const bench = useWorkbench()
  const engine = useEngine()
  const page = useBench((state) => state.settings)
  const settings = useBench((state) => state.workspace.settings)
  const change = (part: Partial<PageSettings>) => bench.setSettings(part)
  const set = <K extends keyof WorkspaceSettings>(key: K, value: WorkspaceSettings[K] | undefined) => {
    const { [key]: _, ...others } = settings
    bench.setWorkspaceSettings(value === undefined ? others : { ...others, [key]: value })
  }
  return (
    <Modal title="Settings">
      <fieldset>
        <legend>This page</legend>
        <label>
          Theme
          <select value={page.theme} onChange={(event) => change({ theme: event.target.value as PageSettings["theme"] })}>
            <option value="system">as the system</option>
            <option value="light">light</option>
            <option value="dark">dark</option>
            <option value="contrast">high contrast</option>
          </select>
        </label>
        <label>
          Editor
          <select value={page.editor} onChange={(event) => change({ editor: event.target.value as PageSettings["editor"] })}>
            <option value="auto">by screen size</option>
            <option value="full">full (Monaco)</option>
            <option value="light">light (CodeMirror)</option>
            <option value="plain">plain text</option>
          </select>
        </label>
        <label>
          Font size of the editor
          <input
            type="number"
            min={8}
            max={40}
            value={page.fontSize}
            onChange={(event) => change({ fontSize: Math.min(40, Math.max(8, Number(event.target.value) || usualSettings.fontSize)) })}
          />
        </label>
        <label>
          Evaluate
          <select value={page.evaluate} onChange={(event) => change({ evaluate: event.target.value as PageSettings["evaluate"] })}>
            <option value="asked">on Ctrl+Enter</option>
            <option value="typing">while typing</option>
          </select>
        </label>
        <label className="check">
          <input type="checkbox" checked={page.vim} onChange={(event) => change({ vim: event.target.checked })} />
          Vim keys in the full editor
        </label>
      </fieldset>
      <fieldset>
        <legend>The store</legend>
        <p className="note">
          Binary caches are asked for what is missing, in this order: by programs that you have let use the network, and before anything is
          built.
        </p>
        <CacheSettingsForm caches={page.caches} onChange={(caches) => change({ caches })} />
        <CompositionForm
          composition={page.composition}
          onUse={(composition) => {
            change({ composition })
            engine.reopen()
          }}
        />
      </fieldset>
      <fieldset>
        <legend>This workspace</legend>
        <label>
          System
          <select
            value={settings.system ?? ""}
            onChange={(event) => set("system", event.target.value === "" ? undefined : event.target.value)}
          >
            <option value="">x86_64-linux (usual)</option>
            {systems.slice(1).map((system) => (
              <option key={system}>{system}</option>
            ))}
          </select>
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={settings.pureEval === true}
            onChange={(event) => set("pureEval", event.target.checked ? true : undefined)}
          />
          Pure evaluation (no environment, no search path)
        </label>
        <label>
          Experimental features
          <input
            value={(settings.features ?? []).join(" ")}
            placeholder="pipe-operators"
            spellCheck={false}
            onChange={(event) => set("features", event.target.value === "" ? undefined : event.target.value.split(/\s+/))}
          />
        </label>
        {budgets.map(({ key, label, usual }) => (
          <label key={key}>
            {label}, at most
            <input
              type="number"
              min={1}
              value={settings[key] ?? ""}
              placeholder={usual}
              onChange={(event) => set(key, Number(event.target.value) > 0 ? Number(event.target.value) : undefined)}
            />
          </label>
        ))}
      </fieldset>
    </Modal>
  )
}
