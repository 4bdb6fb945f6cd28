// The folders of a workspace, from the paths of its files.

export interface FolderNode {
  readonly kind: "folder"
  readonly name: string
  readonly path: string
  readonly children: readonly TreeNode[]
}

export interface FileNode {
  readonly kind: "file"
  readonly name: string
  readonly path: string
}

export type TreeNode = FolderNode | FileNode

/** Folders first, each by name. */
export function treeOf(paths: readonly string[], folder = ""): readonly TreeNode[] {
  const folders = new Map<string, string[]>()
  const files: FileNode[] = []
  for (const path of paths) {
    const rest = path.slice(folder.length)
    const slash = rest.indexOf("/")
    if (slash < 0) files.push({ kind: "file", name: rest, path })
    else {
      const name = rest.slice(0, slash)
      folders.set(name, [...(folders.get(name) ?? []), path])
    }
  }
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
  const inside = [...folders].map(
    ([name, below]): FolderNode => ({ kind: "folder", name, path: folder + name, children: treeOf(below, `${folder}${name}/`) }),
  )
  return [...inside.sort(byName), ...files.sort(byName)]
}

/** The rows that are seen, with their depth, while some folders are closed. */
export function rowsOf(nodes: readonly TreeNode[], closed: ReadonlySet<string>, level = 1): readonly { node: TreeNode; level: number }[] {
  return nodes.flatMap((node) => {
    const row = { node, level }
    return node.kind === "file" || closed.has(node.path) ? [row] : [row, ...rowsOf(node.children, closed, level + 1)]
  })
}
