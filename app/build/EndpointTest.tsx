// What an endpoint said when it was tested, and what would make it build.

import type { Tested } from "./build-desk.ts"

/** What local builds need on Debian, and how they are had. */
const COMMAND = "apt-get install bubblewrap busybox-static"

export function EndpointTest({ tested }: { readonly tested: Tested | null }) {
  if (tested === null) return null
  if (tested.kind === "asking") return <p role="status">Asking…</p>
  if (tested.kind === "problem") return <p role="alert">It does not answer: {tested.message}</p>
  const { milliseconds, executors } = tested.report
  return (
    <div role="status">
      <p>{`It answers, within ${Math.round(milliseconds)} ms.`}</p>
      {executors === null ? (
        <p>It has Snix's services only: of a build nothing is told until it is over.</p>
      ) : executors.length === 0 ? (
        <p>It builds nothing.</p>
      ) : (
        <ul>
          {executors.map(({ name, systems, features, jobs, unavailable }) => (
            <li key={name}>
              <b>{name}</b>: {unavailable !== "" ? unavailable : `${systems.join(", ")}, ${jobs} at once`}
              {features.length === 0 ? "" : `, with ${features.join(", ")}`}
              {unavailable !== "" && name === "bubblewrap" ? (
                <>
                  . On its machine, this enables it: <code>{COMMAND}</code> and a new start
                </>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
