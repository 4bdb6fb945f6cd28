// Share: the workspace as a link, as Markdown, or to be embedded in another page.

import { useMemo, useState } from "react"
import { CopyButton } from "../CopyButton.tsx"
import { encodeLink, fitsLink } from "../link/codec.ts"
import { sharedOf } from "../share/shared-workspace.ts"
import { useBench, useWorkbench } from "../workbench-context.ts"
import { BundleForm } from "./BundleForm.tsx"
import { Modal } from "./Modal.tsx"

/** Some chats and forums cut longer links. */
const LONG = 2000

export function ShareDialog() {
  const bench = useWorkbench()
  const workspace = useBench((state) => state.workspace)
  const view = useBench((state) => state.view)
  const selected = useBench((state) => state.selected)
  const [withView, setWithView] = useState(true)
  const shared = useMemo(
    () => sharedOf(workspace, withView ? { view, selected } : { view: "tree", selected: null }),
    [workspace, view, selected, withView],
  )
  const link = useMemo(() => (fitsLink(shared) ? new URL(encodeLink(shared), pageAddress()).href : null), [shared])
  const text = workspace.files[workspace.entry] ?? ""
  const forms =
    link === null
      ? []
      : [
          { name: "Link", text: link, push: true },
          {
            name: "Markdown",
            text: `[${workspace.name.replace(/[[\]\\]/g, "\\$&")}](${link})\n\n\`\`\`nix\n${text.trimEnd()}\n\`\`\`\n`,
            push: false,
          },
          {
            name: "Embed",
            text: `<iframe src="${link.replace("#", "?embed#")}" sandbox="allow-scripts allow-same-origin" title="Nix" width="100%" height="400" loading="lazy"></iframe>`,
            push: false,
          },
        ]
  return (
    <Modal
      title="Share"
      about={link === null ? "Nothing is sent anywhere by itself." : "Everything is in the link itself: nothing is sent to a server."}
    >
      {forms.map((form) => (
        <div key={form.name} className="share-form">
          <label>
            {form.name}
            <textarea readOnly rows={form.name === "Link" ? 2 : 3} value={form.text} onFocus={(event) => event.target.select()} />
          </label>
          <CopyButton text={form.text} onCopied={() => (form.push ? bench.pushLink(form.text) : undefined)} />
        </div>
      ))}
      <label className="check">
        <input type="checkbox" checked={withView} onChange={(event) => setWithView(event.target.checked)} />
        with the open view and the selected value
      </label>
      <p>
        <button type="button" onClick={() => bench.show("compare")}>
          Compare with a link…
        </button>
      </p>
      <p className={link === null || link.length > LONG ? "warning" : "note"} role="status">
        {link === null
          ? "This workspace is too large for a link."
          : link.length > LONG
            ? `${link.length.toLocaleString("en")} characters: some chats and mail programs cut links longer than ${LONG.toLocaleString("en")}.`
            : `${link.length.toLocaleString("en")} characters`}
      </p>
      {link === null || link.length > LONG ? <BundleForm name={workspace.name} shared={shared} page={pageAddress()} /> : null}
    </Modal>
  )
}

/** The address of this page without what it was opened with. */
function pageAddress(): string {
  return location.href.replace(/[?#].*$/, "")
}
