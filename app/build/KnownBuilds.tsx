// Builds that the endpoint knows of, asked for in other tabs, on the command line, or before: each can be watched from its first line.

import type { ListedBuild } from "../../engine/worker/client.ts"
import { countText } from "../store/size-text.ts"
import { drvName } from "./build-row.ts"

interface Props {
  /** Null before the endpoint was asked. */
  readonly known: readonly ListedBuild[] | null
  readonly problem: string | null
  /** What is shown already. */
  readonly isShown: (drvPath: string) => boolean
  readonly onLook: () => void
  readonly onFollow: (build: ListedBuild) => void
}

const STATES = { waiting: "waiting", running: "running", done: "done", failed: "failed", unknown: "" } as const
/** Lines in the page. */
const MOST = 50

export function KnownBuilds({ known, problem, isShown, onLook, onFollow }: Props) {
  const others = known?.filter(({ derivationPath }) => derivationPath !== "" && !isShown(`/nix/store/${derivationPath}`)) ?? []
  return (
    <details className="build-known" onToggle={(e) => e.currentTarget.open && onLook()}>
      <summary>Other builds that the endpoint knows of</summary>
      {problem !== null ? (
        <p role="alert">{problem}</p>
      ) : known === null ? (
        <p className="build-hint">Asking…</p>
      ) : others.length === 0 ? (
        <p className="build-hint">There are none but those above.</p>
      ) : (
        <ul className="build-jobs" aria-label="Other builds">
          {others.slice(0, MOST).map((build) => (
            <li key={build.build}>
              <b>{drvName(`/nix/store/${build.derivationPath}`)}</b>{" "}
              <span className={`build-${build.state}`} title={build.derivationPath}>
                {`${STATES[build.state]}, accepted ${new Date(build.accepted).toLocaleString()}`}
              </span>{" "}
              <button type="button" onClick={() => onFollow(build)} aria-label={`Watch ${drvName(`/nix/store/${build.derivationPath}`)}`}>
                {build.state === "done" || build.state === "failed" ? "Log" : "Watch"}
              </button>
            </li>
          ))}
        </ul>
      )}
      {others.length > MOST ? <p className="build-hint">{`${countText(others.length - MOST, "build")} more`}</p> : null}
      <button type="button" onClick={onLook}>
        Look again
      </button>
    </details>
  )
}
