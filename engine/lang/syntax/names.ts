// Which name means which: definitions, their uses, and the scopes they are seen in, from the concrete syntax tree.
// Agrees with the binder (bind.ts); a test compares them.

import * as T from "../token.ts"
import { childNodes, childOf, isNode, type SyntaxNode, type SyntaxToken } from "./syntax-node.ts"

export type DefinitionKind = "let" | "attribute" | "parameter" | "formal"

/** Something that names can refer to. */
export interface Definition {
  readonly name: string
  readonly kind: DefinitionKind
  /** Where it is named: several for `a.b = …; a.c = …;`. */
  readonly places: Place[]
  readonly uses: Use[]
  /** The binding, formal or parameter of the first place. */
  readonly node: SyntaxNode
  readonly scope: Scope
}

/** A name in the text, quotes not included. */
export interface Place {
  readonly start: number
  readonly end: number
}

/** A name that refers to something. */
export interface Use extends Place {
  readonly name: string
  readonly scope: Scope
  /** What it refers to; a global; what a `with` may supply; or nothing. */
  readonly to: Definition | "global" | "with" | "nothing"
}

/** A region in which names are seen. */
export interface Scope {
  readonly up: Scope | null
  /** Region of the text. */
  readonly start: number
  readonly end: number
  readonly names: Map<string, Definition>
  /** The `with` that opens this scope. */
  readonly with: SyntaxNode | null
}

/** All names of a text. */
export interface Names {
  readonly definitions: readonly Definition[]
  readonly uses: readonly Use[]
  readonly scopes: readonly Scope[]
}

/** Resolves all names. `globals` are the names that are there without being defined. */
export function resolveNames(root: SyntaxNode, text: string, globals: ReadonlySet<string>): Names {
  const resolver = new Resolver(text, globals)
  const scope: Scope = { up: null, start: 0, end: text.length, names: new Map(), with: null }
  resolver.scopes.push(scope)
  resolver.visit(root, scope)
  return resolver
}

/** The name at an offset: its definition with all uses, or the use alone if it has none. */
export function nameAt(names: Names, offset: number): Definition | Use | undefined {
  const here = (place: Place): boolean => place.start <= offset && offset <= place.end
  const use = names.uses.find(here)
  if (use !== undefined) return typeof use.to === "object" ? use.to : use
  return names.definitions.find(({ places }) => places.some(here))
}

/** What is visible at an offset, inner before outer, each name once. */
export function namesInScope(names: Names, offset: number): Definition[] {
  let innermost: Scope | null = null
  for (const scope of names.scopes) if (scope.start <= offset && offset <= scope.end) innermost = scope
  const found = new Map<string, Definition>()
  for (let scope = innermost; scope !== null; scope = scope.up)
    for (const [name, definition] of scope.names) if (!found.has(name)) found.set(name, definition)
  return [...found.values()]
}

/** The name a step of an attribute path has, and its place; undefined if it is computed. */
export function staticName(step: SyntaxNode, text: string): (Place & { readonly name: string }) | undefined {
  if (step.kind === "name") return { name: text.slice(step.start, step.end), start: step.start, end: step.end }
  // `${"a"}` is as good as `a`.
  if (step.kind === "interpolation") {
    const [inner] = childNodes(step)
    return inner?.kind === "string" ? staticName(inner, text) : undefined
  }
  if (step.kind !== "string" || childNodes(step).length > 0) return undefined
  const inner = text.slice(step.start + 1, step.end - 1)
  // Names with escapes are nobody's variable: they cannot be written as one.
  return inner.includes("\\") ? undefined : { name: inner, start: step.start + 1, end: step.end - 1 }
}

class Resolver implements Names {
  readonly definitions: Definition[] = []
  readonly uses: Use[] = []
  readonly scopes: Scope[] = []
  private readonly text: string
  private readonly globals: ReadonlySet<string>

  constructor(text: string, globals: ReadonlySet<string>) {
    this.text = text
    this.globals = globals
  }

  visit(node: SyntaxNode, scope: Scope): void {
    switch (node.kind) {
      case "variable":
        this.use(this.text.slice(node.start, node.end), node, scope)
        return
      case "lambda":
        this.lambda(node, scope)
        return
      case "let":
      case "legacy-let":
        this.recursive(node, scope, "let")
        return
      case "attrs":
        if (node.children.some(({ kind }) => kind === T.REC)) this.recursive(node, scope, "attribute")
        else for (const child of childNodes(node)) this.binding(child, scope, scope)
        return
      case "with": {
        const [attrs, body] = childNodes(node)
        if (attrs !== undefined) this.visit(attrs, scope)
        if (body !== undefined) this.visit(body, this.open(scope, body, node))
        return
      }
      case "name":
        return
      default:
        for (const child of node.children) if (isNode(child)) this.visit(child, scope)
    }
  }

  private open(up: Scope, region: Place, by: SyntaxNode | null): Scope {
    const scope: Scope = { up, start: region.start, end: region.end, names: new Map(), with: by }
    this.scopes.push(scope)
    return scope
  }

  private define(name: string, kind: DefinitionKind, place: Place, node: SyntaxNode, scope: Scope): void {
    const known = scope.names.get(name)
    if (known !== undefined) {
      known.places.push(place)
      return
    }
    const definition: Definition = { name, kind, places: [place], uses: [], node, scope }
    scope.names.set(name, definition)
    this.definitions.push(definition)
  }

  private use(name: string, place: Place, scope: Scope): void {
    let dynamic = false
    for (let at: Scope | null = scope; at !== null; at = at.up) {
      const to = at.names.get(name)
      if (to !== undefined) {
        const use: Use = { name, start: place.start, end: place.end, scope, to }
        to.uses.push(use)
        this.uses.push(use)
        return
      }
      if (at.with !== null) dynamic = true
    }
    const to = this.globals.has(name) ? "global" : dynamic ? "with" : "nothing"
    this.uses.push({ name, start: place.start, end: place.end, scope, to })
  }

  private lambda(node: SyntaxNode, up: Scope): void {
    const scope = this.open(up, node, null)
    const [parameter, ...rest] = childNodes(node)
    if (parameter === undefined) return
    const named = (p: SyntaxNode): void => this.define(this.text.slice(p.start, p.end), "parameter", p, p, scope)
    if (parameter.kind === "parameter") named(parameter)
    else if (parameter.kind === "formals") {
      for (const child of childNodes(parameter)) {
        if (child.kind === "parameter") named(child)
        const name = child.kind === "formal" ? (child.children[0] as SyntaxToken) : undefined
        if (name !== undefined) this.define(this.text.slice(name.start, name.end), "formal", name, child, scope)
      }
      for (const child of childNodes(parameter))
        if (child.kind === "formal") for (const fallback of childNodes(child)) this.visit(fallback, scope)
    } else this.visit(parameter, scope)
    for (const body of rest) this.visit(body, scope)
  }

  private recursive(node: SyntaxNode, up: Scope, kind: "let" | "attribute"): void {
    const scope = this.open(up, node, null)
    for (const child of childNodes(node)) this.defines(child, kind, scope)
    for (const child of childNodes(node)) this.binding(child, scope, up)
  }

  /** The names that a binding or `inherit` brings. */
  private defines(node: SyntaxNode, kind: "let" | "attribute", scope: Scope): void {
    if (node.kind === "inherit") {
      for (const step of childNodes(node)) {
        const name = staticName(step, this.text)
        if (name !== undefined) this.define(name.name, kind, name, node, scope)
      }
    } else if (node.kind === "binding") {
      const path = childOf(node, "attr-path")
      const first = path === undefined ? undefined : childNodes(path)[0]
      const name = first === undefined ? undefined : staticName(first, this.text)
      if (name !== undefined) this.define(name.name, kind, name, node, scope)
    }
  }

  /** What a binding or `inherit` uses; `outside` is where names inherited without `(e)` come from. */
  private binding(node: SyntaxNode, scope: Scope, outside: Scope): void {
    if (node.kind !== "inherit") {
      this.visit(node, scope)
      return
    }
    const from = childOf(node, "parenthesis")
    if (from !== undefined) this.visit(from, scope)
    for (const step of childNodes(node)) {
      const name = staticName(step, this.text)
      if (name !== undefined) {
        if (from === undefined) this.use(name.name, name, outside)
      } else if (step !== from) this.visit(step, scope)
    }
  }
}
