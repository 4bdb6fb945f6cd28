// The reference: every construct of the language, builtin and constant with its documentation and examples that run; each entry has an address (`#doc=NAME`).

import { useEffect, useMemo, useRef, useState } from "react"
import type { ReferenceEntry } from "../engine/worker/language-protocol.ts"
import { useLanguage } from "./language-context.ts"
import { Prose } from "./Prose.tsx"
import { useBench, useWorkbench } from "./workbench-context.ts"

export function ReferencePane() {
  const bench = useWorkbench()
  const language = useLanguage()
  const topic = useBench((state) => state.topic)
  const [entries, setEntries] = useState<readonly ReferenceEntry[] | null>(null)
  const [sought, setSought] = useState("")
  const shown = useRef<HTMLElement>(null)
  useEffect(() => {
    let gone = false
    language.reference().then(
      (found) => (gone ? undefined : setEntries(found)),
      () => (gone ? undefined : setEntries([])),
    )
    return () => {
      gone = true
    }
  }, [language])
  const found = useMemo(() => {
    const words = sought.toLowerCase().split(/\s+/).filter(Boolean)
    const has = (text: string) => words.every((word) => text.toLowerCase().includes(word))
    const all = entries ?? []
    const rank = ({ name, synopsis, documentation }: ReferenceEntry): number => {
      if (name.toLowerCase() === sought.trim().toLowerCase()) return 0
      return has(name) ? 1 : has(synopsis) ? 2 : has(documentation) ? 3 : 4
    }
    return [0, 1, 2, 3].flatMap((wanted) => all.filter((entry) => rank(entry) === wanted))
  }, [entries, sought])
  const entry = entries?.find(({ name }) => name === topic) ?? null
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever another entry is shown
  useEffect(() => {
    shown.current?.scrollTo({ top: 0 })
  }, [entry])
  return (
    <div className="reference">
      <div className="reference-list">
        <input
          type="search"
          aria-label="Search the reference"
          placeholder="Search language and builtins"
          value={sought}
          onChange={(event) => setSought(event.target.value)}
        />
        {entries === null ? <p role="status">Loading…</p> : null}
        <ul aria-label="Entries">
          {found.map(({ name, kind }, i) => (
            <li key={name}>
              {sought !== "" || (i > 0 && isLanguage(found[i - 1]?.kind) === isLanguage(kind)) ? null : (
                <h4>{isLanguage(kind) ? "Language" : "Builtins and constants"}</h4>
              )}
              <button type="button" aria-current={name === topic ? "true" : undefined} onClick={() => bench.explainName(name)}>
                {name}
              </button>
            </li>
          ))}
        </ul>
      </div>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <article ref={shown} className="reference-entry" tabIndex={0} aria-label={entry === null ? "Entry" : entry.name}>
        {entry === null ? (
          <p className="note">{introduction(entries ?? [])}</p>
        ) : (
          <Entry entry={entry} related={relatedTo(entry, entries ?? [])} />
        )}
      </article>
    </div>
  )
}

const isLanguage = (kind: ReferenceEntry["kind"] | undefined): boolean => kind === "construct"

function introduction(entries: readonly ReferenceEntry[]): string {
  const constructs = entries.filter(({ kind }) => isLanguage(kind)).length
  return `${constructs} constructs of the language, ${entries.length - constructs} builtins and constants. Pick one, or search.`
}

/** Entries that the text of one names. */
function relatedTo(entry: ReferenceEntry, entries: readonly ReferenceEntry[]): readonly string[] {
  const named = new Set([...entry.documentation.matchAll(/`(?:builtins\.)?([^`]+)`/g)].map(([, name]) => name))
  return entries.filter(({ name }) => named.has(name) && name !== entry.name).map(({ name }) => name)
}

function Entry({ entry, related }: { readonly entry: ReferenceEntry; readonly related: readonly string[] }) {
  const bench = useWorkbench()
  return (
    <>
      <h3>
        {isLanguage(entry.kind) ? `${entry.name}: ` : null}
        <code>{entry.synopsis}</code>
      </h3>
      <p className="note">
        <a href={`#doc=${encodeURIComponent(entry.name)}`}>Link to this entry</a>
        {entry.feature === "" ? null : ` · needs the experimental feature ${entry.feature}`}
      </p>
      <Prose text={entry.documentation} />
      {related.length === 0 ? null : (
        <p className="note">
          {"See also "}
          {related.map((name) => (
            <button key={name} type="button" className="link" onClick={() => bench.explainName(name)}>
              {name}
            </button>
          ))}
        </p>
      )}
      {entry.examples.map(({ nix, result, fails, features }) => (
        <div key={nix} className="example">
          <pre>{nix}</pre>
          <pre className={fails ? "error" : "note"}>{fails ? `fails: ${result}` : `⇒ ${result}`}</pre>
          <button
            type="button"
            onClick={() => {
              bench.createWorkspace({
                name: entry.name,
                files: { "main.nix": `${nix}\n` },
                settings: features.length > 0 ? { features } : {},
              })
              void bench.preview()
              bench.setPane("result")
            }}
          >
            Try it
          </button>
        </div>
      ))}
    </>
  )
}
