// An error as Nix prints it.

import type { ProblemView } from "../engine/worker/protocol.ts"

export function ProblemReport({ problem }: { readonly problem: ProblemView }) {
  return (
    <div className="problem" role="alert">
      {problem.at === null ? null : (
        <p className="where">
          {problem.at.file}, line {problem.at.line}, column {problem.at.column}
        </p>
      )}
      <pre>{problem.report}</pre>
    </div>
  )
}
