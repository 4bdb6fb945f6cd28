// With what the open workspace is compared: a pasted link, another workspace, an earlier state of this one.

import { useState } from "react"
import { LoadingLine } from "../share/LoadingLine.tsx"
import type { Source } from "../share/page-address.ts"
import { describeSource } from "../share/source-text.ts"
import { useSourceLoader } from "../share/use-source-loader.ts"
import { useBench, useWorkbench } from "../workbench-context.ts"
import { createWorkspace, type Workspace } from "../workspace/workspace.ts"
import { readPasted } from "./compared.ts"

export function ComparePicker({ onPick }: { readonly onPick: (other: Workspace) => void }) {
  const bench = useWorkbench()
  const loading = useSourceLoader()
  const workspace = useBench((state) => state.workspace)
  const history = useBench((state) => state.history)
  const [text, setText] = useState("")
  const [said, setSaid] = useState("")
  const [source, setSource] = useState<Source | null>(null)
  const [others] = useState(() => bench.workspaces().filter((saved) => saved.workspace.id !== workspace.id))
  const read = async () => {
    const found = await readPasted(text)
    setSource(found.kind === "source" ? found.source : null)
    setSaid(found.kind === "source" ? `This link wants to load ${describeSource(found.source)}.` : found.kind === "wrong" ? found.why : "")
    if (found.kind === "workspace") onPick(found.workspace)
  }
  const load = (from: Source) => loading.load(from, (loaded) => onPick(createWorkspace({ ...loaded, foreign: true })))
  const earlier = history.filter((state) => state.files !== workspace.files)
  return (
    <>
      <form
        className="source-form"
        onSubmit={(event) => {
          event.preventDefault()
          void read()
        }}
      >
        <label>
          A link, a gist, a file on GitHub, or any address of a file
          <input value={text} spellCheck={false} placeholder="https://…" onChange={(event) => setText(event.target.value)} />
        </label>
        <button type="submit" disabled={text.trim() === ""}>
          Compare
        </button>
        <p role="status" className="note">
          {said}{" "}
          {source === null || loading.busy ? null : (
            <button type="button" onClick={() => void load(source)}>
              Load it
            </button>
          )}{" "}
          <LoadingLine loading={loading} />
        </p>
      </form>
      {others.length === 0 ? null : (
        <label>
          Another workspace
          <select
            value=""
            onChange={(event) => {
              const saved = others[Number(event.target.value)]
              if (saved !== undefined) onPick(saved.workspace)
            }}
          >
            <option value="" disabled>
              choose one
            </option>
            {others.map((saved, i) => (
              <option key={saved.workspace.id} value={i}>
                {saved.workspace.name}
              </option>
            ))}
          </select>
        </label>
      )}
      {earlier.length === 0 ? null : (
        <label>
          An earlier state of this one
          <select
            value=""
            onChange={(event) => {
              const state = earlier[Number(event.target.value)]
              if (state === undefined) return
              const { files, entry, at } = state
              onPick({ ...workspace, files, entry, name: new Date(at).toLocaleString() })
            }}
          >
            <option value="" disabled>
              choose one
            </option>
            {earlier.map((state, i) => (
              <option key={`${state.at} ${JSON.stringify(state.files)}`} value={i}>
                {`${new Date(state.at).toLocaleString()}: ${(state.files[state.entry] ?? "").replace(/\s+/g, " ").slice(0, 50)}`}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  )
}
