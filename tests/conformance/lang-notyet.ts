// Tests of the language suite that do not pass, each with its reason. A test on the list must fail.

/** Output and final error line are right; the trace shows lines of `derivation-internal.nix`, which here is a text of our own. */
export const ownLines: ReadonlySet<string> = new Set([
  "eval-fail-derivation-name",
  "eval-fail-derivation-stack-trace",
  "eval-fail-derivation-structuredAttrs-stack-overflow",
])
