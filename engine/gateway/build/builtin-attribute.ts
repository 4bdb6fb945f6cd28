// The attributes of a derivation as builders of Nix itself see them: those of the derivation, or, for a build of no derivation, its
// environment.

import type { BuildJob } from "./build-job.ts"
import { BuildFailure } from "./executor.ts"

/** An attribute, a byte string. Throws BuildFailure if there is none. */
export function attribute(job: BuildJob, name: string): string {
  const bytes = job.environment.get(name)
  const value = job.derivation?.drv.env.get(name) ?? (bytes === undefined ? undefined : Buffer.from(bytes).toString("latin1"))
  if (value === undefined) throw new BuildFailure("builder", `attribute '${name}' missing`)
  return value
}

/** The output `out` of a build that has no other, as in the request. Throws BuildFailure. */
export function onlyOutput(job: BuildJob): string {
  const [path, more] = job.outputs
  if (path === undefined || more !== undefined) throw new BuildFailure("input-rejected", `'${job.command[0]}' has one output`)
  return path
}
