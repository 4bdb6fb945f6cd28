// The store of the tab: what it keeps, what can be brought in, what is in it.

import { type DragEvent, useEffect, useState } from "react"
import { useStore } from "zustand"
import type { CacheSettings } from "../../engine/worker/client.ts"
import { BringIn } from "./BringIn.tsx"
import { ObjectCard } from "./ObjectCard.tsx"
import { dropped } from "./picked.ts"
import { countText, sizeText } from "./size-text.ts"
import type { StoreDesk } from "./store-desk.ts"
import { Upkeep } from "./Upkeep.tsx"
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
  const { report, paths, total, search, opened } = useStore(desk.store)
  const [over, setOver] = useState(false)

  useEffect(() => {
    void desk.refresh()
  }, [desk])

  const drop = async (event: DragEvent): Promise<void> => {
    event.preventDefault()
    setOver(false)
    await desk.import(await dropped(event.dataTransfer))
  }

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

      <BringIn desk={desk} trees={trees} onUnmount={onUnmount} />

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

      <Upkeep desk={desk} caches={caches} />
    </div>
  )
}
