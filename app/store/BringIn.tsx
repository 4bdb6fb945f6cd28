// What can be brought into the store: files, archives, folders, derivations; what is on its way; what of it the workspace shows.

import { useRef } from "react"
import { useStore } from "zustand"
import { ImportRow } from "./ImportRow.tsx"
import { askFolder, pickedFile, pickedFolder, storeFiles } from "./picked.ts"
import type { StoreDesk } from "./store-desk.ts"

interface Props {
  readonly desk: StoreDesk
  /** Trees of the store that the workspace shows, by path. */
  readonly trees: Readonly<Record<string, string>>
  /** Takes a tree out of the workspace; it stays in the store. */
  readonly onUnmount: (path: string) => void
}

export function BringIn({ desk, trees, onUnmount }: Props) {
  const imports = useStore(desk.store, (state) => state.imports)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const derivations = useRef<HTMLInputElement>(null)
  const pickFolder = async (): Promise<void> => {
    const picked = await askFolder()
    if (picked !== null) await desk.import([picked])
    // Browsers that cannot give a handle give the files.
    else if (!("showDirectoryPicker" in window)) folder.current?.click()
  }
  const mounted = Object.entries(trees)
  return (
    <section aria-label="Bring in">
      <h3>Bring in</h3>
      <p className="store-buttons">
        <button type="button" onClick={() => files.current?.click()}>
          Files or archives…
        </button>
        <button type="button" onClick={() => void pickFolder()}>
          A folder…
        </button>
        <button type="button" onClick={() => derivations.current?.click()}>
          Derivations (.drv)…
        </button>
      </p>
      <p className="store-hint">
        Or drop them here. Archives (tar, zip, NAR, in gzip, xz, zstd, bzip2 or brotli) are unpacked. What comes in is stored by its
        content, and appears in the workspace as <code>./name</code> and <code>&lt;name&gt;</code>. Nothing leaves this browser.
      </p>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label="Files or archives"
        onChange={(event) => {
          void desk.import([...(event.target.files ?? [])].map(pickedFile))
          event.target.value = ""
        }}
      />
      <input
        ref={folder}
        type="file"
        hidden
        aria-label="A folder"
        {...{ webkitdirectory: "" }}
        onChange={(event) => {
          const picked = pickedFolder([...(event.target.files ?? [])])
          if (picked !== null) void desk.import([picked])
          event.target.value = ""
        }}
      />
      <input
        ref={derivations}
        type="file"
        multiple
        hidden
        aria-label="Derivations"
        onChange={(event) => {
          void desk.importDerivations(storeFiles([...(event.target.files ?? [])]))
          event.target.value = ""
        }}
      />
      {imports.length === 0 ? null : (
        <ul className="store-imports" aria-live="polite">
          {imports.map((one) => (
            <ImportRow key={one.id} one={one} onCancel={desk.cancel} onOpen={(path) => void desk.open(path)} />
          ))}
        </ul>
      )}
      {mounted.length === 0 ? null : (
        <ul className="store-mounts" aria-label="Trees in the workspace">
          {mounted.map(([path, storePath]) => (
            <li key={path}>
              <code>./{path}</code> is{" "}
              <button type="button" className="store-link" onClick={() => void desk.open(storePath)}>
                {storePath.replace(/^.*\//, "")}
              </button>{" "}
              <button type="button" onClick={() => onUnmount(path)} aria-label={`Take ${path} out of the workspace`}>
                take out
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
