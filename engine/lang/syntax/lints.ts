// Warnings about code that works but says something else than it seems to, with the edits that mend it. The codes are Tvix's
// (eval/src/warnings.rs): W001 to W005, W007 to W010, W012.

import * as T from "../token.ts"
import { type Definition, type Names, staticName } from "./names.ts"
import { childNodes, childOf, isNode, type SyntaxNode, tokenOf } from "./syntax-node.ts"

/** A replacement of a stretch of text (bytes). */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A way to mend something. */
export interface Fix {
  readonly title: string
  readonly edits: readonly Edit[]
}

export interface Lint {
  readonly code: string
  readonly message: string
  readonly start: number
  readonly end: number
  /** The text is not needed: editors show it faded. */
  readonly unnecessary: boolean
  readonly fixes: readonly Fix[]
}

/** All warnings about a text, by place. */
export function lint(root: SyntaxNode, names: Names, text: string, globals: ReadonlySet<string>): Lint[] {
  const linter = new Linter(names, text, globals)
  linter.visit(root)
  linter.definitions()
  return linter.found.sort((a, b) => a.start - b.start)
}

/** The SRI hashes Nix takes without their right padding, by algorithm: characters of base 64, padding not counted. */
const sriLengths: Readonly<Record<string, number>> = { md5: 22, sha1: 27, sha256: 43, sha512: 86 }

class Linter {
  readonly found: Lint[] = []
  private readonly names: Names
  private readonly text: string
  private readonly globals: ReadonlySet<string>

  constructor(names: Names, text: string, globals: ReadonlySet<string>) {
    this.names = names
    this.text = text
    this.globals = globals
  }

  private warn(code: string, message: string, at: { start: number; end: number }, fixes: readonly Fix[], unnecessary = false): void {
    this.found.push({ code, message, start: at.start, end: at.end, unnecessary, fixes })
  }

  private textOf(node: { start: number; end: number }): string {
    return this.text.slice(node.start, node.end)
  }

  /** A stretch with the line it is alone on. */
  private wholeLine(start: number, end: number): Edit {
    const { text } = this
    let from = start
    while (from > 0 && (text[from - 1] === " " || text[from - 1] === "\t")) from--
    let to = end
    while (to < text.length && (text[to] === " " || text[to] === "\t")) to++
    if ((from === 0 || text[from - 1] === "\n") && text[to] === "\n") return { start: from, end: to + 1, text: "" }
    return { start: from, end, text: "" }
  }

  visit(node: SyntaxNode): void {
    switch (node.kind) {
      case "literal":
        if (tokenOf(node, T.URI) !== undefined)
          this.warn("W001", "URLs without quotes are deprecated; write a string", node, [
            { title: "Put it in quotes", edits: [{ start: node.start, end: node.end, text: `"${this.textOf(node)}"` }] },
          ])
        break
      case "legacy-let":
        this.legacyLet(node)
        break
      case "let":
        this.emptyLet(node)
        break
      case "inherit":
        this.emptyInherit(node)
        break
      case "binary":
      case "unary":
        this.booleans(node)
        break
      case "if":
        this.deadBranch(node)
        break
      case "string":
        this.padding(node)
        break
    }
    for (const child of node.children) if (isNode(child)) this.visit(child)
  }

  private legacyLet(node: SyntaxNode): void {
    const brace = tokenOf(node, T.LBRACE)
    const close = tokenOf(node, T.RBRACE)
    const fixes: Fix[] = []
    if (brace !== undefined && close !== undefined) {
      const edits = [
        { start: node.start, end: brace.end, text: "(rec {" },
        { start: close.end, end: close.end, text: ").body" },
      ]
      fixes.push({ title: "Write it as a recursive set", edits })
    }
    this.warn(
      "W005",
      "this form of let is deprecated; its value is the attribute 'body' of a recursive set",
      node.children[0] ?? node,
      fixes,
    )
  }

  private emptyLet(node: SyntaxNode): void {
    const [keyword] = node.children
    const end = tokenOf(node, T.IN_KW)
    const nodes = childNodes(node)
    const body = nodes[0]
    if (keyword === undefined || end === undefined || nodes.length !== 1 || body === undefined) return
    const edits = [{ start: keyword.start, end: body.start, text: "" }]
    this.warn("W010", "this let defines nothing", { start: keyword.start, end: end.end }, [{ title: "Remove it", edits }], true)
  }

  private emptyInherit(node: SyntaxNode): void {
    const steps = childNodes(node).filter(({ kind }) => kind !== "parenthesis")
    if (steps.length > 0 || tokenOf(node, T.SEMICOLON) === undefined) return
    const fix = { title: "Remove it", edits: [this.wholeLine(node.start, node.end)] }
    this.warn("W009", "this inherit names nothing", node, [fix], true)
  }

  private constant(node: SyntaxNode | undefined): boolean | undefined {
    if (node?.kind !== "variable") return undefined
    const text = this.textOf(node)
    if (text !== "true" && text !== "false") return undefined
    const use = this.names.uses.find(({ start }) => start === node.start)
    return use?.to === "global" ? text === "true" : undefined
  }

  private booleans(node: SyntaxNode): void {
    const [left, right] = childNodes(node)
    if (left === undefined) return
    const replaced = (message: string, by: SyntaxNode | string): void => {
      const text = typeof by === "string" ? by : this.textOf(by)
      this.warn("W007", message, node, [{ title: "Simplify it", edits: [{ start: node.start, end: node.end, text }] }])
    }
    const a = this.constant(left)
    if (node.kind === "unary") {
      if (tokenOf(node, T.NOT) !== undefined && a !== undefined) replaced("the negation of a constant", a ? "false" : "true")
      return
    }
    if (right === undefined) return
    const b = this.constant(right)
    const operator = node.children.find((child) => !isNode(child))?.kind
    if (operator === T.AND) {
      if (a === true) replaced("this is always the right side", right)
      else if (a === false) replaced("this is always false", "false")
      else if (b === true) replaced("this is always the left side", left)
    } else if (operator === T.OR) {
      if (a === false) replaced("this is always the right side", right)
      else if (a === true) replaced("this is always true", "true")
      else if (b === false) replaced("this is always the left side", left)
    } else if (operator === T.IMPL) {
      if (a === false) replaced("this is always true", "true")
      else if (a === true) replaced("this is always the right side", right)
    } else if ((operator === T.EQ || operator === T.NEQ) && (a !== undefined || b !== undefined)) {
      const [constant, other] = a !== undefined ? [a, right] : [b as boolean, left]
      if (this.constant(other) !== undefined) return
      const same = constant === (operator === T.EQ)
      const simple = other.kind === "variable" || other.kind === "parenthesis" || other.kind === "select" || other.kind === "call"
      this.warn("W007", "a comparison with a constant", node, [
        ...(same || simple
          ? [
              {
                title: same ? "Leave the comparison out" : "Write it as a negation",
                edits: [{ start: node.start, end: node.end, text: same ? this.textOf(other) : `!${this.textOf(other)}` }],
              },
            ]
          : []),
      ])
    }
  }

  private deadBranch(node: SyntaxNode): void {
    const [condition, yes, no] = childNodes(node)
    const value = this.constant(condition)
    if (value === undefined || yes === undefined || no === undefined) return
    const [kept, dead] = value ? [yes, no] : [no, yes]
    const edits = [{ start: node.start, end: node.end, text: this.textOf(kept) }]
    this.warn("W008", "this is never evaluated", dead, [{ title: "Keep the other branch alone", edits }], true)
  }

  private padding(node: SyntaxNode): void {
    const match = /^"(md5|sha1|sha256|sha512)-([A-Za-z0-9+/]*)(=*)"$/.exec(this.textOf(node))
    if (match === null) return
    const [, algo, digits, padding] = match as unknown as [string, string, string, string]
    const wanted = sriLengths[algo]
    if (wanted === undefined || digits.length !== wanted) return
    const right = "=".repeat((4 - (wanted % 4)) % 4)
    if (padding === right) return
    const end = node.end - 1
    const edits = [{ start: end - padding.length, end, text: right }]
    this.warn("W012", "the padding of this hash is not right; Nix takes it nevertheless", node, [{ title: "Correct the padding", edits }])
  }

  /** What is said of definitions: unused, in the way of a global, inherited without need. */
  definitions(): void {
    for (const definition of this.names.definitions) {
      this.unused(definition)
      this.shadowing(definition)
      this.uselessInherit(definition)
    }
  }

  private unused(definition: Definition): void {
    const { name, kind, uses, node } = definition
    const place = definition.places[0]
    if (place === undefined || uses.length > 0 || name.startsWith("_")) return
    // A parameter or formal is there for the callers; an attribute is seen from outside.
    if (kind !== "let" || definition.scope.names.has("__overrides")) return
    // The value of `let { … }` is its `body`.
    if (name === "body" && this.text.slice(definition.scope.start, definition.scope.end).match(/^let\s*\{/)) return
    const fixes: Fix[] = []
    if (definition.places.length === 1) {
      const steps = node.kind === "inherit" ? childNodes(node).filter(({ kind }) => kind !== "parenthesis") : []
      const edit = steps.length > 1 ? this.wholeLine(place.start, place.end) : this.wholeLine(node.start, node.end)
      fixes.push({ title: `Remove '${name}'`, edits: [edit] })
    }
    this.warn("W003", `'${name}' is defined and never used`, place, fixes, true)
  }

  private shadowing(definition: Definition): void {
    const { name, kind } = definition
    const place = definition.places[0]
    if (place === undefined || kind === "attribute" || kind === "formal" || !this.globals.has(name)) return
    // `inherit (builtins) map;` brings the same.
    if (definition.node.kind === "inherit") return
    this.warn("W004", `'${name}' is defined here and hides the global of that name`, place, [])
  }

  private uselessInherit(definition: Definition): void {
    const { kind, node, name } = definition
    if (kind !== "let" || node.kind !== "inherit" || childOf(node, "parenthesis") !== undefined) return
    const place = definition.places[0]
    const use = this.names.uses.find(({ start }) => start === place?.start)
    if (place === undefined || typeof use?.to !== "object" || definition.uses.length === 0) return
    const steps = childNodes(node).filter((step) => staticName(step, this.text) !== undefined)
    const edit = steps.length > 1 ? this.wholeLine(place.start, place.end) : this.wholeLine(node.start, node.end)
    this.warn("W002", `'${name}' is in scope already: this inherit changes nothing`, place, [{ title: "Remove it", edits: [edit] }], true)
  }
}
