// All workspaces: open, rename, copy, delete; new ones from nothing, from a zip file, from elsewhere.

import { useRef, useState } from "react"
import { useEngine } from "../engine-context.ts"
import { bundleSuffix } from "../share/bundle-name.ts"
import { LoadingLine } from "../share/LoadingLine.tsx"
import { askedBy } from "../share/page-address.ts"
import { pastedAddress } from "../share/pasted-address.ts"
import { useSourceLoader } from "../share/use-source-loader.ts"
import { useBench, useWorkbench } from "../workbench-context.ts"
import { Modal } from "./Modal.tsx"

export function WorkspacesDialog() {
  const bench = useWorkbench()
  const engine = useEngine()
  const current = useBench((state) => state.workspace)
  const [all, setAll] = useState(() => bench.workspaces())
  const picker = useRef<HTMLInputElement>(null)
  const zip = async (file: File | undefined) => {
    if (file === undefined) return
    if (file.name.endsWith(bundleSuffix)) {
      const { openBundle } = await import("../share/bundle-file.ts")
      return openBundle(bench, engine.bundles, file)
    }
    const { readZip } = await import("../share/zip.ts")
    try {
      const { files, skipped } = readZip(new Uint8Array(await file.arrayBuffer()))
      bench.createWorkspace({ name: file.name.replace(/\.zip$/i, ""), files })
      if (skipped.length > 0) bench.notify(`Left out, since they are no text: ${skipped.slice(0, 5).join(", ")}.`, { urgent: true })
    } catch (e) {
      bench.notify(e instanceof Error ? e.message : String(e), { urgent: true })
    }
  }
  const save = async () => {
    const [{ writeZip }, { saveBlob }] = await Promise.all([import("../share/zip.ts"), import("../save-file.ts")])
    saveBlob(`${current.name.replace(/[^\w .-]/g, "_")}.zip`, new Blob([writeZip(current.files)], { type: "application/zip" }))
  }
  return (
    <Modal title="Workspaces" about="They are kept in this browser and nowhere else.">
      <div className="row-of-buttons">
        <button type="button" className="primary" onClick={() => bench.createWorkspace({ name: "Untitled", files: { "main.nix": "" } })}>
          New workspace
        </button>
        <button type="button" onClick={() => picker.current?.click()}>
          Import a zip file or bundle
        </button>
        <button type="button" onClick={() => void save()}>
          Export this one as zip
        </button>
        <input ref={picker} hidden type="file" accept=".zip,.thunkpad" onChange={(event) => void zip(event.target.files?.[0])} />
      </div>
      <label>
        Name of this workspace
        <input value={current.name} maxLength={80} onChange={(event) => bench.rename(event.target.value)} />
      </label>
      <ul className="workspaces">
        {all.map((saved) => {
          const { workspace, changed } = saved
          const open = workspace.id === current.id
          return (
            <li key={workspace.id}>
              <button type="button" className="open" disabled={open} onClick={() => bench.openWorkspace(saved)}>
                <strong>{open ? `${current.name} (open)` : workspace.name}</strong>
                <span className="note">{`${Object.keys(workspace.files).join(", ").slice(0, 60)} · ${new Date(changed).toLocaleString()}`}</span>
              </button>
              <button
                type="button"
                aria-label={`Copy ${workspace.name}`}
                onClick={() => bench.createWorkspace({ ...workspace, name: `${workspace.name} (copy)` })}
              >
                Copy
              </button>
              <button
                type="button"
                aria-label={`Delete ${workspace.name}`}
                onClick={() => {
                  bench.removeWorkspace(saved)
                  setAll(bench.workspaces())
                }}
              >
                Delete
              </button>
            </li>
          )
        })}
      </ul>
      <SourceForm />
    </Modal>
  )
}

/** Opens a link, a gist, a file on GitHub or anywhere. */
function SourceForm() {
  const bench = useWorkbench()
  const loading = useSourceLoader()
  const [text, setText] = useState("")
  const [said, setSaid] = useState("")
  const open = async () => {
    const asked = await askedBy(pastedAddress(text.trim()))
    if (asked.kind === "shared") return bench.openShared(asked.shared)
    if (asked.kind !== "source")
      return setSaid(asked.kind === "wrong" ? `Cannot open it: ${asked.why}.` : "That is no address that can be opened here.")
    setSaid("")
    await loading.load(asked.source, (loaded) => bench.createWorkspace({ ...loaded, foreign: true }))
  }
  return (
    <form
      className="source-form"
      onSubmit={(event) => {
        event.preventDefault()
        void open()
      }}
    >
      <label>
        Open a link, a gist, a file on GitHub, or any address of a file
        <input value={text} spellCheck={false} placeholder="https://…" onChange={(event) => setText(event.target.value)} />
      </label>
      <button type="submit" disabled={text.trim() === "" || loading.busy}>
        Open
      </button>
      <p role="status" className="note">
        {said} <LoadingLine loading={loading} />
      </p>
    </form>
  )
}
