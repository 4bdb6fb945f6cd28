// The files of the workspace as a tree (the ARIA pattern: arrows move and open, Enter opens, F2 renames, Delete deletes), with what
// makes, brings in and takes out files.

import { type KeyboardEvent, useMemo, useRef, useState } from "react"
import { bringIn } from "./bring-in.ts"
import { FileRow } from "./FileRow.tsx"
import { FilesHead } from "./FilesHead.tsx"
import { FileTrees } from "./FileTrees.tsx"
import { type ReadFiles, readDropped } from "./file-reader.ts"
import { rowsOf, treeOf } from "./file-tree.ts"
import { NameField } from "./NameField.tsx"
import { useBench, useWorkbench } from "./workbench-context.ts"

/** The type under which a row is dragged inside the tree. */
const DRAGGED = "application/x-thunkpad-path"

export function FilesPane() {
  const bench = useWorkbench()
  const files = useBench((state) => state.workspace.files)
  const active = useBench((state) => state.active)
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const [naming, setNaming] = useState<{ readonly path: string | null; readonly folder: string } | null>(null)
  const [focused, setFocused] = useState<string | null>(null)
  const [over, setOver] = useState(false)
  const tree = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => rowsOf(treeOf(Object.keys(files)), closed), [files, closed])
  const current = rows.find(({ node }) => node.path === (focused ?? active)) ?? rows[0]

  const focus = (path: string | undefined) => {
    if (path === undefined) return
    setFocused(path)
    tree.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`)?.focus()
  }
  const toggle = (path: string, open: boolean) => {
    const now = new Set(closed)
    if (open) now.delete(path)
    else now.add(path)
    setClosed(now)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (current === undefined || naming !== null) return
    const { node } = current
    const at = rows.indexOf(current)
    const act = (): (() => void) | null => {
      switch (event.key) {
        case "ArrowDown":
          return () => focus(rows[at + 1]?.node.path)
        case "ArrowUp":
          return () => focus(rows[at - 1]?.node.path)
        case "Home":
          return () => focus(rows[0]?.node.path)
        case "End":
          return () => focus(rows[rows.length - 1]?.node.path)
        case "ArrowRight":
          return () => (node.kind === "folder" && closed.has(node.path) ? toggle(node.path, true) : focus(rows[at + 1]?.node.path))
        case "ArrowLeft": {
          const folder = node.path.replace(/\/?[^/]*$/, "")
          return () =>
            node.kind === "folder" && !closed.has(node.path) ? toggle(node.path, false) : focus(folder === "" ? undefined : folder)
        }
        case "F2":
          return () => setNaming({ path: node.path, folder: "" })
        case "Delete":
          return () => bench.remove(node.path)
        default:
          return null
      }
    }
    const found = act()
    if (found === null) return
    event.preventDefault()
    found()
  }
  const folderOf = (path: string) => path.replace(/[^/]*$/, "")
  const add = (read: Promise<ReadFiles>) => void bringIn(bench, read)
  const drop = (transfer: DataTransfer, folder: string) => {
    const path = transfer.getData(DRAGGED)
    if (path === "") return add(readDropped(transfer, folder))
    const problem = bench.move(path, folder + (path.split("/").pop() ?? ""))
    if (problem !== null) bench.notify(problem, { urgent: true })
  }

  return (
    <section
      className={over ? "files over" : "files"}
      aria-label="Files"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false)
        // A bundle is a workspace of its own (use-dropped-bundle.ts).
        if (event.nativeEvent.defaultPrevented) return
        event.preventDefault()
        const row = (event.target as HTMLElement).closest<HTMLElement>("[data-folder]")
        drop(event.dataTransfer, row?.dataset["folder"] ?? "")
      }}
    >
      <FilesHead folder={folderOf(active)} onNew={() => setNaming({ path: null, folder: folderOf(active) })} onPicked={add} />
      {naming !== null && naming.path === null ? (
        <NameField
          label="Path of the new file"
          value={naming.folder}
          onDone={(path) => {
            const problem = path === null ? null : bench.create(path)
            if (problem === null) setNaming(null)
            return problem
          }}
        />
      ) : null}
      <div ref={tree} role="tree" aria-label="Files of the workspace" onKeyDown={onKeyDown}>
        {rows.map(({ node, level }) =>
          naming?.path === node.path ? (
            <NameField
              key={node.path}
              label={`New path of ${node.path}`}
              value={node.path}
              onDone={(path) => {
                const problem = path === null ? null : bench.move(node.path, path)
                if (problem === null) setNaming(null)
                return problem
              }}
            />
          ) : (
            <FileRow
              key={node.path}
              node={node}
              level={level}
              open={!closed.has(node.path)}
              tabbable={node === current?.node}
              onToggle={() => toggle(node.path, closed.has(node.path))}
              onFocus={() => setFocused(node.path)}
              onRename={() => setNaming({ path: node.path, folder: "" })}
              dragType={DRAGGED}
            />
          ),
        )}
      </div>
      <FileTrees />
    </section>
  )
}
