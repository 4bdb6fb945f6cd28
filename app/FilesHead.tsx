// What stands above the tree of files: what makes a file, and what brings in the user's.

import { useRef } from "react"
import { type ReadFiles, readPicked } from "./file-reader.ts"

interface Props {
  /** Where files come to be: "" for the top, else it ends in a slash. */
  readonly folder: string
  readonly onNew: () => void
  readonly onPicked: (read: Promise<ReadFiles>) => void
}

export function FilesHead({ folder, onNew, onPicked }: Props) {
  const picker = useRef<HTMLInputElement>(null)
  return (
    <div className="files-head">
      <h2>Files</h2>
      <button type="button" title="New file" aria-label="New file" onClick={onNew}>
        +
      </button>
      <button type="button" title="Bring in files of yours" aria-label="Upload files" onClick={() => picker.current?.click()}>
        ↑
      </button>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          onPicked(readPicked(event.target.files ?? [], folder))
          event.target.value = ""
        }}
      />
    </div>
  )
}
