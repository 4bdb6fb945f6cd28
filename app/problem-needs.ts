// What an evaluation that failed would have needed.

/** The derivation that evaluation would have to have built, out of its problem; null for any other problem. */
export function neededBuild(problem: { readonly code: string; readonly message: string }): string | null {
  if (problem.code !== "build-not-allowed") return null
  return /'([^']*\.drv)\^[^']*'/.exec(problem.message)?.[1] ?? null
}

/** Whether a store path is missing: a binary cache may have it. */
export function missesStorePath({ message }: { readonly message: string }): boolean {
  return /'\/nix\/store\/[0-9a-z]{32}-[^']*'.* (?:does not exist|is not valid)/.test(message)
}
