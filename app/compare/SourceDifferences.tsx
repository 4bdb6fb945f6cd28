// The files of two workspaces: which are new, gone or changed, and the changed lines. On large screens the full editor shows them.

import { useState } from "react"
import { phone, useMedia } from "../use-media.ts"
import { useBench } from "../workbench-context.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { comparedFiles, comparedSettings } from "./compared.ts"
import { FileDifference } from "./FileDifference.tsx"

export function SourceDifferences({ left, right }: { readonly left: Workspace; readonly right: Workspace }) {
  const files = comparedFiles(left, right)
  const changed = files.filter((file) => file.left !== file.right)
  const settings = comparedSettings(left, right)
  const small = useMedia(phone)
  const editor = useBench((state) => state.settings.editor)
  const [full, setFull] = useState<string | null>(null)
  const canBeFull = !small && editor !== "plain" && editor !== "light"
  return (
    <>
      <p role="status">
        {changed.length === 0
          ? "The files are the same."
          : `${changed.length} of ${files.length} ${files.length === 1 ? "file differs" : "files differ"}.`}
      </p>
      {settings.map((fact) => (
        <p key={fact.name} className="compare-setting">
          {`${fact.name}: `}
          <del>{fact.left === "" ? "as usual" : fact.left}</del> <ins>{fact.right === "" ? "as usual" : fact.right}</ins>
        </p>
      ))}
      {changed.map((file) => (
        <FileDifference
          key={file.path}
          file={file}
          full={full === file.path}
          onFull={canBeFull ? (on) => setFull(on ? file.path : null) : null}
        />
      ))}
    </>
  )
}
