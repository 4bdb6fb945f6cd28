// `thunkpad store references|requisites|tree|graph PATH…`: what objects of a store refer to, as `nix-store --query`
// prints it. C++ Nix: src/nix/nix-store/{nix-store,dotgraph,graphml}.cc

import { reading } from "../eval/format-fault.ts"
import { isDerivationPath, namePart, type StorePath, splitStorePath } from "../formats/store-path/store-path.ts"
import { type Arguments, readArguments } from "./command.ts"
import type { Session } from "./session.ts"
import type { StoreFolder } from "./store-folder.ts"
import { UsageError } from "./usage-error.ts"

function pathsOf(given: Arguments, store: StoreFolder): StorePath[] {
  if (given.positional.length === 0) throw new UsageError("at least one store path is wanted")
  return given.positional.map((text) => {
    const { path } = reading(() => splitStorePath(text, store.storeDir))
    store.require(path)
    return path
  })
}

function printSorted(session: Session, store: StoreFolder, paths: Iterable<StorePath>): void {
  for (const path of store.sort(paths).reverse()) session.out(`${store.print(path)}\n`)
}

/** Direct references; with -R all. */
export function storeReferences(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, { switches: [["-R", "--recursive"]] })
  if (given.has("--recursive")) return requisites(given, session)
  const store = session.requireStore()
  const found = new Set<StorePath>()
  for (const path of pathsOf(given, store)) for (const reference of store.references(path)) found.add(reference)
  printSorted(session, store, found)
  return 0
}

function requisites(given: Arguments, session: Session): number {
  const store = session.requireStore()
  printSorted(session, store, store.closure(pathsOf(given, store)))
  return 0
}

/** The objects and all that they refer to, dependencies first. */
export function storeRequisites(argv: readonly string[], session: Session): number {
  return requisites(readArguments(argv, session, {}), session)
}

/** References as a tree; what was shown before ends in `[...]`. */
export function storeTree(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, {})
  const store = session.requireStore()
  const done = new Set<StorePath>()
  for (const root of pathsOf(given, store)) {
    // A stack of its own: the deepest line is as deep as the longest chain of references.
    const work = [{ path: root, first: "", rest: "" }]
    for (let node = work.pop(); node !== undefined; node = work.pop()) {
      const { path, first, rest } = node
      const seen = done.has(path)
      session.out(`${first}${store.print(path)}${seen ? " [...]" : ""}\n`)
      if (seen) continue
      done.add(path)
      // Topologically sorted, the last line first: it comes off the stack last.
      for (const [i, child] of store.sort(store.references(path)).entries())
        work.push({ path: child, first: rest + (i === 0 ? tree.last : tree.branch), rest: rest + (i === 0 ? "    " : tree.line) })
    }
  }
  return 0
}

/** Nix's line drawing, in UTF-8. */
const tree = {
  branch: "\xe2\x94\x9c\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80",
  last: "\xe2\x94\x94\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80",
  line: "\xe2\x94\x82   ",
}

const colours = ["black", "red", "green", "blue", "magenta", "burlywood"]

/** The graph of references for Graphviz; with --graphml as GraphML. */
export function storeGraph(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, { switches: ["--graphml"] })
  const store = session.requireStore()
  if (given.has("--graphml")) printGraphml(session, store, pathsOf(given, store))
  else printDot(session, store, pathsOf(given, store))
  return 0
}

/** Goes through the closure, at each step to the path that sorts first. `visit` gives the references without itself. */
function walk(store: StoreFolder, roots: readonly StorePath[], visit: (path: StorePath, references: readonly StorePath[]) => void): void {
  const done = new Set<StorePath>()
  // A sorted list with the smallest at its end.
  const work = [...new Set(roots)].sort().reverse()
  for (let path = work.pop(); path !== undefined; path = work.pop()) {
    if (done.has(path)) continue
    done.add(path)
    const self = path
    const references = store.references(path).filter((reference) => reference !== self)
    visit(path, references)
    for (const reference of references) if (!done.has(reference)) insert(work, reference)
  }
}

function insert(work: StorePath[], path: StorePath): void {
  let low = 0
  let high = work.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((work[middle] as StorePath) > path) low = middle + 1
    else high = middle
  }
  if (work[low] !== path) work.splice(low, 0, path)
}

function printDot(session: Session, store: StoreFolder, roots: readonly StorePath[]): void {
  let edges = 0
  session.out("digraph G {\n")
  walk(store, roots, (path, references) => {
    session.out(`"${path}" [label = "${namePart(path)}", shape = box, style = filled, fillcolor = "#ff0000"];\n`)
    for (const reference of references) session.out(`"${reference}" -> "${path}" [color = "${colours[edges++ % colours.length]}"];\n`)
  })
  session.out("}\n")
}

function printGraphml(session: Session, store: StoreFolder, roots: readonly StorePath[]): void {
  session.out(`<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns='http://graphml.graphdrawing.org/xmlns'
    xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'
    xsi:schemaLocation='http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd'>
<key id='narSize' for='node' attr.name='narSize' attr.type='long'/><key id='name' for='node' attr.name='name' attr.type='string'/>`)
  session.out("<key id='type' for='node' attr.name='type' attr.type='string'/><graph id='G' edgedefault='directed'>\n")
  walk(store, roots, (path, references) => {
    const name = namePart(path)
    // C++ Nix calls it a symbolic name: all up to the first dash.
    const symbolic = name.slice(0, name.indexOf("-") + 1)
    const type = isDerivationPath(path) ? "derivation" : "output-path"
    session.out(`  <node id="${path}">
    <data key="narSize">${store.info(path).narSize}</data>
    <data key="name">${symbolic}</data>
    <data key="type">${type}</data>
  </node>
`)
    for (const reference of references) session.out(`  <edge source="${path}" target="${reference}"/>\n`)
  })
  session.out("</graph>\n</graphml>\n")
}
