// The binary caches that are asked for what the store has not, in their order; each can be tested.

import { useState } from "react"
import type { CacheSettings } from "../../engine/worker/client.ts"
import { useEngine } from "../engine-context.ts"
import { cacheProblem, nixosCache } from "../store-settings.ts"

interface Props {
  readonly caches: readonly CacheSettings[]
  readonly onChange: (caches: readonly CacheSettings[]) => void
}

export function CacheSettingsForm({ caches, onChange }: Props) {
  const engine = useEngine()
  const [url, setUrl] = useState("")
  const [keys, setKeys] = useState("")
  const [problem, setProblem] = useState<string | null>(null)
  const [said, setSaid] = useState<Readonly<Record<string, string>>>({})
  const add = (cache: CacheSettings) => {
    const why = caches.some((other) => other.url === cache.url) ? "This cache is in the list." : cacheProblem(cache)
    setProblem(why)
    if (why !== null) return
    onChange([...caches, cache])
    setUrl("")
    setKeys("")
  }
  const test = async (cache: CacheSettings) => {
    const say = (text: string) => setSaid((all) => ({ ...all, [cache.url]: text }))
    say("Asking…")
    try {
      const { milliseconds, priority } = await engine.store.testCache(cache)
      say(`It answers, within ${Math.round(milliseconds)} ms; its priority is ${priority}.`)
    } catch (e) {
      say(`It cannot be used: ${e instanceof Error ? e.message : String(e)}`)
    }
  }
  const raise = (at: number) => {
    const cache = caches[at]
    const before = caches[at - 1]
    if (cache !== undefined && before !== undefined) onChange([...caches.slice(0, at - 1), cache, before, ...caches.slice(at + 1)])
  }
  return (
    <>
      <ol className="caches">
        {caches.map((cache, at) => (
          <li key={cache.url}>
            <code>{cache.url}</code>
            <span className="cache-buttons">
              <button type="button" aria-label={`Test ${cache.url}`} onClick={() => void test(cache)}>
                Test
              </button>
              <button type="button" disabled={at === 0} aria-label={`Ask ${cache.url} earlier`} onClick={() => raise(at)}>
                ↑
              </button>
              <button type="button" aria-label={`Remove ${cache.url}`} onClick={() => onChange(caches.filter((other) => other !== cache))}>
                Remove
              </button>
            </span>
            <span className="note">
              {cache.publicKeys.length === 0 ? "No keys: only what is named by its content is taken." : cache.publicKeys.join(" ")}
            </span>
            <span className="note" role="status">
              {said[cache.url] ?? ""}
            </span>
          </li>
        ))}
      </ol>
      <form
        className="cache-form"
        onSubmit={(event) => {
          event.preventDefault()
          add({ url: url.trim().replace(/\/+$/, ""), publicKeys: keys.split(/\s+/).filter((key) => key !== "") })
        }}
      >
        <label>
          Address of a binary cache
          <input value={url} spellCheck={false} placeholder="https://…" onChange={(event) => setUrl(event.target.value)} />
        </label>
        <label>
          Public keys that are trusted
          <input value={keys} spellCheck={false} placeholder="NAME:KEY …" onChange={(event) => setKeys(event.target.value)} />
        </label>
        {problem === null ? null : (
          <p role="alert" className="form-problem">
            {problem}
          </p>
        )}
        <p className="cache-buttons">
          <button type="submit" disabled={url.trim() === ""}>
            Add the cache
          </button>
          {caches.some((other) => other.url === nixosCache.url) ? null : (
            <button type="button" onClick={() => add(nixosCache)}>
              Add cache.nixos.org
            </button>
          )}
        </p>
      </form>
    </>
  )
}
