// A program that gives what an input of the repl gave: with the names that it needs from inputs before it.

import type { ReplName } from "../../engine/worker/repl-protocol.ts"

/** Inputs as they were answered, and which of them bound each name. */
export interface Bound {
  readonly inputs: readonly string[]
  readonly names: readonly ReplName[]
}

/** Commands that are about the value of an expression; what they say of it is not the program's. */
const about = /^:(?:p|print|b|bl|t|doc|e|edit|i|sh|u|log)\s+/
const loads = /^:(?:l|load)\s+(\S+)$/
const adds = /^:(?:a|add)\s+/

/**
 * The program of the input with this number, a text that ends in a line break. Names come from inputs that bound or loaded them; what an
 * input binds is the program's value. Commands that have no value are a comment.
 */
export function programOf({ inputs, names }: Bound, at: number): string {
  const input = (inputs[at] ?? "").trim()
  const own = names.filter((name) => name.input === at).map(({ name }) => name)
  const source = sourceOf(input)
  const needed = new Set<number>()
  const need = (text: string): void => {
    for (const { name, input: from } of names) {
      if (needed.has(from) || from === at || !mentions(text, name)) continue
      needed.add(from)
      need(inputs[from] ?? "")
    }
  }
  need(input)
  const sources = [...needed].sort((a, b) => a - b).map((from) => sourceOf((inputs[from] ?? "").trim()))
  const lines = sources.flatMap((one) => (one.kind === "bindings" ? [bindings(one.text)] : []))
  const scopes = sources.flatMap((one) => (one.kind === "set" ? [`with ${one.text};\n`] : []))
  if (source.kind === "bindings") lines.push(bindings(source.text))
  const value =
    source.kind === "bindings"
      ? own.length === 1
        ? own[0]
        : `{ inherit ${own.join(" ")}; }`
      : source.kind === "none"
        ? `# ${input.replaceAll("\n", "\n# ")}\nnull`
        : source.text
  const inside = lines.length === 0 ? value : `let\n${lines.join("\n")}\nin\n${value}`
  return `${scopes.join("")}${inside}\n`
}

/** What an input is: an expression, bindings, a set whose attributes it adds, or none of these. */
function sourceOf(input: string): { readonly kind: "expression" | "bindings" | "set" | "none"; readonly text: string } {
  const [, file] = loads.exec(input) ?? []
  if (file !== undefined) return { kind: "set", text: `import ${/^[./<]/.test(file) ? file : `./${file}`}` }
  if (adds.test(input)) return { kind: "set", text: `(${input.replace(adds, "")})` }
  if (about.test(input)) return { kind: "expression", text: input.replace(about, "") }
  if (input.startsWith(":")) return { kind: "none", text: "" }
  // As nix repl decides: a name and one equals sign.
  if (/^(?:[a-zA-Z_][\w'-]*|"[^"]*")(?:\s*\.\s*[a-zA-Z_][\w'-]*)*\s*=(?!=)|^inherit\s/.test(input)) return { kind: "bindings", text: input }
  return { kind: "expression", text: input }
}

function bindings(text: string): string {
  return `  ${text.replace(/;?\s*$/, "")};`
}

/** Whether a text has a name as a word: it may be an attribute's or a string's, then too much is brought. */
function mentions(text: string, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  return new RegExp(`(?<![\\w'-])${escaped}(?![\\w'-])`).test(text)
}
