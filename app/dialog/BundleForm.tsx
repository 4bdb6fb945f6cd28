// A workspace that is too long for a link: as a file, or on the user's gateway with a short link that names it by its digest.

import { useEffect, useState, useSyncExternalStore } from "react"
import { useBuilds } from "../build/build-context.ts"
import { endpointOf } from "../build/build-desk.ts"
import { CopyButton } from "../CopyButton.tsx"
import { useEngine } from "../engine-context.ts"
import type { Shared } from "../link/envelope.ts"
import { saveBlob } from "../save-file.ts"
import { bundleName } from "../share/bundle-name.ts"
import { bundleLink } from "../share/source-text.ts"
import { useWorkbench } from "../workbench-context.ts"

interface Props {
  readonly name: string
  readonly shared: Shared
  /** The address of this page without what it was opened with. */
  readonly page: string
}

export function BundleForm({ name, shared, page }: Props) {
  const engine = useEngine()
  const bench = useWorkbench()
  const endpoint = useEndpoint()
  const [said, setSaid] = useState("")
  const [link, setLink] = useState<string | null>(null)
  const attempt = async (work: () => Promise<string>) => {
    setLink(null)
    setSaid("Working…")
    try {
      setSaid(await work())
    } catch (e) {
      setSaid(`That did not work: ${e instanceof Error ? e.message : String(e)}.`)
    }
  }
  const save = () =>
    attempt(async () => {
      const { root, bytes } = await engine.bundles.write(shared)
      saveBlob(bundleName(name), new Blob([bytes], { type: "application/octet-stream" }))
      return `Saved. The digest of its root is ${root}. Drop the file on this page to open it.`
    })
  const put = (to: NonNullable<typeof endpoint>) =>
    attempt(async () => {
      const root = await engine.bundles.upload(shared, to)
      setLink(page + bundleLink(root, to.url))
      return `It is on the gateway. The digest of its root is ${root}.`
    })
  return (
    <section aria-label="As a bundle" className="share-bundle">
      <h3>As a bundle</h3>
      <div className="row-of-buttons">
        <button type="button" onClick={() => void save()}>
          Save as a bundle file
        </button>
        {endpoint === null ? null : (
          <button type="button" onClick={() => void put(endpoint)}>
            {`Put on the gateway ${endpoint.url}`}
          </button>
        )}
      </div>
      <p role="status" className="note">
        {said}
      </p>
      {link === null ? null : (
        <div className="share-form">
          <label>
            Link to the bundle
            <textarea readOnly rows={2} value={link} onFocus={(event) => event.target.select()} />
          </label>
          <CopyButton text={link} onCopied={() => bench.pushLink(link)} />
          <p className="note">Whoever opens it is asked before anything is fetched. It works as long as the gateway keeps the bundle.</p>
        </div>
      )}
    </section>
  )
}

/** The user's gateway, or the one beside the app; null without one. */
function useEndpoint() {
  const builds = useBuilds()
  useEffect(() => {
    void builds?.find()
  }, [builds])
  const state = useSyncExternalStore(builds?.store.subscribe ?? never, () => builds?.store.getState() ?? null)
  return state === null ? null : endpointOf(state)
}

const never = () => () => {}
