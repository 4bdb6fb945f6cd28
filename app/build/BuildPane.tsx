// The builds: where, what is about to be sent, what is planned, running, done and failed, and the log of one.

import { useEffect } from "react"
import { useStore } from "zustand"
import { countText } from "../store/size-text.ts"
import { BuildJobs } from "./BuildJobs.tsx"
import { BuildLog } from "./BuildLog.tsx"
import { BuildTree } from "./BuildTree.tsx"
import { type BuildDesk, endpointOf } from "./build-desk.ts"
import { stateOf } from "./build-row.ts"
import { EndpointForm } from "./EndpointForm.tsx"
import { FailureReport } from "./FailureReport.tsx"
import { KnownBuilds } from "./KnownBuilds.tsx"
import { SendQuestion } from "./SendQuestion.tsx"
import "./build.css"

export interface BuildPaneProps {
  readonly desk: BuildDesk
  /** Where the page is: a gateway has to let it ask. */
  readonly origin: string
  /** Opens a store path. */
  readonly onOutput: (path: string) => void
}

export function BuildPane({ desk, origin, onOutput }: BuildPaneProps) {
  const state = useStore(desk.store)
  const { choice, gateway, tested, proposal, jobs, rows, selected, logTurn, warnings, known, knownProblem } = state
  useEffect(() => {
    void desk.find()
  }, [desk])
  const endpoint = endpointOf(state)
  const row = selected === null ? undefined : rows[selected]
  const log = selected === null ? undefined : desk.log(selected)
  const counts = { running: 0, planned: 0, done: 0, failed: 0 }
  for (const one of Object.values(rows)) counts[stateOf(one)]++
  const total = Object.keys(rows).length

  return (
    <div className="build-pane">
      <EndpointForm
        key={choice.own?.url ?? ""}
        own={choice.own}
        endpoint={endpoint}
        gateway={gateway}
        tested={tested}
        origin={origin}
        allowed={choice.allowed.length > 0}
        onTest={(settings) => void desk.test(settings)}
        onChoose={desk.choose}
        onForget={desk.forget}
      />
      {proposal === null ? null : (
        <SendQuestion
          proposal={proposal}
          onSend={() => void desk.send()}
          onDecline={desk.decline}
          onRetry={() => void desk.propose(proposal.drvPath)}
        />
      )}
      <section aria-label="What is built">
        {total === 0 ? (
          proposal === null ? (
            <p className="build-hint">
              Nothing was built yet. Evaluate a derivation, open its card, and press Build: it is planned here, sent to the endpoint when
              you agree, and its outputs come into this browser's store.
            </p>
          ) : null
        ) : (
          <>
            <p className="build-counts" role="status">
              {`${counts.running} running · ${counts.planned} planned · ${counts.done} done · ${counts.failed} failed`}
              {counts.done + counts.failed === 0 ? null : (
                <button type="button" onClick={desk.clear}>
                  Clear what is over
                </button>
              )}
            </p>
            <BuildJobs jobs={jobs} rows={rows} times={choice.times} onStop={desk.stop} onRetry={(drvPath) => void desk.propose(drvPath)} />
            {row?.fault == null || row.fault.reason === "cancelled" ? null : <FailureReport row={row} fault={row.fault} />}
            <BuildTree
              rows={rows}
              times={choice.times}
              selected={selected}
              onSelect={desk.select}
              onCancel={(drvPath) => void desk.cancel(drvPath)}
              onRetry={(drvPath) => void desk.propose(drvPath)}
              onCompare={(drvPath) => void desk.propose(drvPath, { compare: true })}
              onOutput={onOutput}
            />
          </>
        )}
        {warnings.length === 0 ? null : (
          <ul className="notice" aria-label={countText(warnings.length, "warning")}>
            {warnings.map((warning, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: they only grow, and may be equal
              <li key={i}>{warning}</li>
            ))}
          </ul>
        )}
      </section>
      {row === undefined ? null : (
        <BuildLog key={row.drvPath} name={row.name} log={log} turn={logTurn} running={stateOf(row) === "running"} />
      )}
      {endpoint === null ? null : (
        <KnownBuilds
          known={known}
          problem={knownProblem}
          isShown={(drvPath) => rows[drvPath] !== undefined}
          onLook={() => void desk.look()}
          onFollow={(build) => void desk.follow(build)}
        />
      )}
    </div>
  )
}
