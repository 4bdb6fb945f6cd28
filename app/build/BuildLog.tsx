// The log of a build, live: it can be searched, and its end is followed until the user scrolls away from it.

import { useEffect, useMemo, useRef, useState } from "react"
import { saveText } from "../save-file.ts"
import { countText } from "../store/size-text.ts"
import { ansiParts, plainText } from "./ansi.ts"
import type { LogText } from "./log-text.ts"

interface Props {
  readonly name: string
  readonly log: LogText | undefined
  /** Another number whenever the log has changed. */
  readonly turn: number
  readonly running: boolean
}

/** Lines in the page at once: the last ones, or the first that were found. */
const SHOWN = 2000

export function BuildLog({ name, log, turn, running }: Props) {
  const [search, setSearch] = useState("")
  const [follow, setFollow] = useState(true)
  const box = useRef<HTMLOListElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the log changes in place; `turn` tells
  const all = useMemo(() => log?.lines() ?? [], [log, turn])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the lines are the same array when some were added
  const found = useMemo(() => {
    const numbered = all.map((line, i) => ({ line, number: i + 1 + (log?.dropped ?? 0) }))
    const words = search.toLowerCase()
    return words === "" ? numbered : numbered.filter(({ line }) => plainText(line).toLowerCase().includes(words))
  }, [all, log, search, turn])
  const shown = search === "" ? found.slice(-SHOWN) : found.slice(0, SHOWN)
  // biome-ignore lint/correctness/useExhaustiveDependencies: every change of the lines moves the end
  useEffect(() => {
    if (follow && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [follow, shown.length, turn])

  return (
    <section className="build-log" aria-label={`Log of ${name}`}>
      <p className="build-log-bar">
        <b>{`Log of ${name}`}</b>
        <input
          type="search"
          placeholder="Search the log"
          aria-label="Search the log"
          value={search}
          onChange={(e) => setSearch(e.target.value)}
        />
        <label>
          <input type="checkbox" checked={follow} onChange={(e) => setFollow(e.target.checked)} /> Follow
        </label>
        <button type="button" disabled={all.length === 0} onClick={() => saveText(`${name}.log`, all.map(plainText).join("\n"))}>
          Save
        </button>
        <span className="build-hint">
          {search === "" ? countText(all.length + (log?.dropped ?? 0), "line") : `${countText(found.length, "line")} found`}
        </span>
      </p>
      {shown.length === 0 ? (
        <p className="build-hint">
          {search !== ""
            ? "Nothing found."
            : log === undefined && !running
              ? "There is no log of it here."
              : running
                ? "Nothing was written yet."
                : "Nothing was written."}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <ol ref={box} tabIndex={0} aria-label="Lines" onWheel={(e) => e.deltaY < 0 && setFollow(false)}>
          {shown.map(({ line, number }) => (
            <li key={number} value={number}>
              {ansiParts(line).map(({ text, tone }, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line do not move
                <span key={i} className={tone}>
                  {text}
                </span>
              ))}
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
