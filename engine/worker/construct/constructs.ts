// All constructs of the language that the reference knows, as its entries. Loaded when the reference or a keyword's help is wanted.

import type { ReferenceEntry } from "../language-protocol.ts"
import { choiceConstructs } from "./choices.ts"
import type { Construct } from "./construct.ts"
import { nameConstructs } from "./names.ts"
import { setConstructs } from "./sets.ts"
import { textConstructs } from "./texts.ts"

/** In the order in which they are best read. */
export const constructs: readonly Construct[] = [...nameConstructs, ...choiceConstructs, ...setConstructs, ...textConstructs]

/** The constructs as entries of the reference. */
export function constructEntries(): ReferenceEntry[] {
  return constructs.map(({ name, form, text, see, examples }) => ({
    name,
    kind: "construct",
    synopsis: form,
    documentation: text,
    source: see,
    feature: name === "pipe" ? "pipe-operators" : "",
    examples: examples.map((example) => ({
      nix: example.nix,
      result: "gives" in example ? example.gives : example.fails,
      fails: "fails" in example,
      features: example.features ?? [],
    })),
  }))
}

/** What hovering over a keyword tells: how the construct is written, and the first paragraph about it. Undefined if there is none. */
export function constructHelp(name: string): string | undefined {
  const found = constructs.find((construct) => construct.name === name)
  return found === undefined ? undefined : `\`${found.form}\`\n\n${found.text.split("\n\n", 1)[0]}`
}
