// A row of the file tree: the file or folder, and what can be done with it.

import type { TreeNode } from "./file-tree.ts"
import { saveText } from "./save-file.ts"
import { useBench, useWorkbench } from "./workbench-context.ts"

interface Props {
  readonly node: TreeNode
  readonly level: number
  readonly open: boolean
  readonly tabbable: boolean
  readonly dragType: string
  readonly onToggle: () => void
  readonly onFocus: () => void
  readonly onRename: () => void
}

export function FileRow({ node, level, open, tabbable, dragType, onToggle, onFocus, onRename }: Props) {
  const bench = useWorkbench()
  const active = useBench((state) => state.active === node.path)
  const entry = useBench((state) => state.workspace.entry === node.path)
  const { path, name } = node
  const choose = () => {
    if (node.kind === "folder") return onToggle()
    bench.openFile(path)
    bench.setPane("code")
  }
  return (
    <div
      role="treeitem"
      aria-level={level}
      aria-selected={active}
      aria-expanded={node.kind === "folder" ? open : undefined}
      aria-label={entry ? `${name}, evaluated` : name}
      tabIndex={tabbable ? 0 : -1}
      className={active ? "file active" : "file"}
      style={{ paddingLeft: `${0.4 + (level - 1) * 0.9}rem` }}
      data-path={path}
      data-folder={node.kind === "folder" ? `${path}/` : path.replace(/[^/]*$/, "")}
      draggable
      onDragStart={(event) => event.dataTransfer.setData(dragType, path)}
      onFocus={onFocus}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return
        if (event.target !== event.currentTarget) return
        event.preventDefault()
        choose()
      }}
    >
      <span className="file-sign" aria-hidden="true">
        {node.kind === "folder" ? (open ? "▾" : "▸") : entry ? "▸" : "·"}
      </span>
      <span className="file-name">{name}</span>
      {/* By keyboard the same is had through the palette, F2 and Delete. */}
      <span className="file-acts" aria-hidden="true" onClick={(event) => event.stopPropagation()}>
        {node.kind === "file" && !entry && name.endsWith(".nix") ? (
          <button type="button" tabIndex={-1} title="Evaluate this file from now on" onClick={() => bench.setEntry(path)}>
            ▸
          </button>
        ) : null}
        {node.kind === "file" ? (
          <button
            type="button"
            tabIndex={-1}
            title="Download"
            onClick={() => saveText(name, bench.store.getState().workspace.files[path] ?? "")}
          >
            ↓
          </button>
        ) : null}
        <button type="button" tabIndex={-1} title="Rename or move (F2)" onClick={() => onRename()}>
          ✎
        </button>
        <button type="button" tabIndex={-1} title="Delete" onClick={() => bench.remove(path)}>
          ×
        </button>
      </span>
    </div>
  )
}
