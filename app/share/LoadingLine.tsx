// How far the loading of files from elsewhere is, with what stops it.

import type { SourceLoading } from "./use-source-loader.ts"

export function LoadingLine({ loading: { said, busy, stop } }: { readonly loading: SourceLoading }) {
  return (
    <span className="loading-line">
      {said}{" "}
      {busy ? (
        <button type="button" onClick={stop}>
          Cancel
        </button>
      ) : null}
    </span>
  )
}
