// The store of the tab: what it keeps, what can be brought in, what is in it.

import { type DragEvent, useEffect, useRef, useState } from "react"
import { useStore } from "zustand"
import type { CacheSettings } from "../../engine/worker/client.ts"
import { ImportRow } from "./ImportRow.tsx"
import { ObjectCard } from "./ObjectCard.tsx"
import { askFolder, dropped, pickedFile, pickedFolder, storeFiles } from "./picked.ts"
import { countText, sizeText } from "./size-text.ts"
import type { StoreDesk } from "./store-desk.ts"
import "./store.css"

export interface StorePaneProps {
  readonly desk: StoreDesk
  /** Trees of the store that the workspace shows, by path. */
  readonly trees: Readonly<Record<string, string>>
  /** Binary caches of the user's. */
  readonly caches?: readonly CacheSettings[]
  /** Takes a tree out of the workspace; it stays in the store. */
  readonly onUnmount: (path: string) => void
  /** Saves bytes as a file of the user's. */
  readonly onSave: (name: string, bytes: Uint8Array) => void
}

export function StorePane({ desk, trees, caches = [], onUnmount, onSave }: StorePaneProps) {
  const { report, imports, paths, total, search, opened, work, faults, said } = useStore(desk.store)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const derivations = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)

  useEffect(() => {
    void desk.refresh()
  }, [desk])

  const pickFolder = async (): Promise<void> => {
    const picked = await askFolder()
    if (picked !== null) await desk.import([picked])
    // Browsers that cannot give a handle give the files.
    else if (!("showDirectoryPicker" in window)) folder.current?.click()
  }
  const drop = async (event: DragEvent): Promise<void> => {
    event.preventDefault()
    setOver(false)
    await desk.import(await dropped(event.dataTransfer))
  }
  const mounted = Object.entries(trees)

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one more way; the buttons do the same by keyboard
    <div
      className={over ? "store-pane over" : "store-pane"}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => void drop(event)}
    >
      <section aria-label="State of the store">
        <p className="store-state">
          {report === null ? (
            "Looking…"
          ) : (
            <>
              {countText(report.objects, "object")}
              {report.used === null ? "" : ` · ${sizeText(report.used)} of this browser's storage`}
              {report.place === "memory" ? " · in memory only" : report.persisted ? " · kept until you remove it" : ""}
            </>
          )}
        </p>
        {report?.notice ? <p className="notice">{report.notice}</p> : null}
        {report?.problem ? (
          <p className="notice" role="alert">
            {report.problem.message}
          </p>
        ) : null}
      </section>

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

      <section aria-label="Objects">
        <h3>Objects</h3>
        <input
          type="search"
          className="store-search"
          placeholder="Search store paths"
          aria-label="Search store paths"
          value={search}
          onChange={(event) => desk.search(event.target.value)}
        />
        {opened === null ? null : <ObjectCard opened={opened} desk={desk} onSave={onSave} />}
        <ul className="store-paths">
          {paths.map((path) => (
            <li key={path}>
              <button type="button" className="store-link" onClick={() => void desk.open(path)}>
                {path.replace(/^.*\//, "")}
              </button>
            </li>
          ))}
        </ul>
        {paths.length < total ? (
          <p className="store-hint">{`${countText(paths.length, "path")} of ${total.toLocaleString("en")} shown`}</p>
        ) : null}
      </section>

      <section aria-label="Upkeep">
        <h3>Upkeep</h3>
        <p className="store-buttons">
          <button type="button" disabled={work !== null} onClick={() => void desk.verify()}>
            Check everything
          </button>
          <button
            type="button"
            disabled={work !== null}
            onClick={() => void desk.collect()}
            title="Removes what no workspace that is open needs"
          >
            Remove what nothing keeps
          </button>
          {faults !== null && faults.length > 0 && caches.length > 0 ? (
            <button type="button" disabled={work !== null} onClick={() => void desk.mend(caches)}>
              Mend from the binary caches
            </button>
          ) : null}
          {faults !== null && faults.length > 0 ? (
            <button type="button" disabled={work !== null} onClick={() => void desk.giveUp()}>
              Remove what is damaged
            </button>
          ) : null}
        </p>
        <p role="status" className="store-said">
          {work === null ? said : `${work}…`}
        </p>
        {faults === null || faults.length === 0 ? null : (
          <ul className="store-faults">
            {faults.slice(0, 100).map(({ hashPart, code, message }) => (
              <li key={`${hashPart}${message}`}>
                {code}: {message}
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  )
}
