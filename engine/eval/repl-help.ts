// The commands of the repl in the words of `:?`.

/** One line of the help: what is typed and what it does; further lines are indented. */
type Entry = readonly [typed: string, ...does: string[]]

const entries: readonly Entry[] = [
  ["<expr>", "Evaluate and print expression"],
  ["<x> = <expr>", "Bind expression to variable"],
  [":a, :add <expr>", "Add attributes from resulting set to scope"],
  [":b <expr>", "Build a derivation"],
  [":bl <expr>", "Build a derivation, creating GC roots in the", "working directory"],
  [":e, :edit <expr>", "Open package or function in $EDITOR"],
  [":i <expr>", "Build derivation, then install result into", "current profile"],
  [":l, :load <path>", "Load Nix expression and add it to scope"],
  [":lf, :load-flake <ref>", "Load Nix flake and add it to scope"],
  [":ll, :last-loaded", "Show most recently loaded variables added to scope"],
  [":p, :print <expr>", "Evaluate and print expression recursively", "Strings are printed directly, without escaping."],
  [":q, :quit", "Exit nix-repl"],
  [":r, :reload", "Reload all files"],
  [":sh <expr>", "Build dependencies of derivation, then start", "nix-shell"],
  [":t <expr>", "Describe result of evaluation"],
  [":u <expr>", "Build derivation, then start nix-shell"],
  [":doc <expr>", "Show documentation of a builtin function"],
  [":log <expr>", "Show logs for a derivation"],
  [":te, :trace-enable [bool]", "Enable, disable or toggle showing traces for", "errors"],
  [":?, :help", "Brings up this help menu"],
]

/** The text of `:?`. */
export function helpText(): string {
  let text = "The following commands are available:\n\n"
  for (const [typed, ...does] of entries)
    does.forEach((line, i) => {
      text += `  ${(i === 0 ? typed : "").padEnd(29)}${line}\n`
    })
  return text
}

/** All commands, in the order of the help. */
export function commandNames(): string[] {
  return entries.flatMap(([typed]) => typed.match(/:[a-z?-]+/g) ?? [])
}
