// The state of a value's tree: what is known of each node, what is open, what is under way. Rows are counted, not listed: an open set
// of a million attributes is one range until some of them are in sight, and only those are asked for.

import type { Child, Evaluated, Page, Ref, ValueView } from "../../engine/worker/client.ts"
import type { EngineDesk } from "../engine-desk.ts"

/** Children are asked for in pieces of this size. */
const CHUNK = 100
/** More rows of one set are only found by filtering: measuring where a million rows are would take longer than a frame. */
export const MOST = 100_000

/** A list or set whose children were asked for, or a node with something to tell (an error, a function). */
interface Branch {
  readonly id: number
  readonly key: string
  readonly ref: Ref
  readonly inList: boolean
  readonly depth: number
  /** Its place among the rows of its parent. */
  readonly index: number
  open: boolean
  filter: string
  /** How many children there are with this filter. */
  size: number
  readonly chunks: Map<number, Chunk>
  /** Branches right below. */
  readonly below: Set<Branch>
}

interface Chunk {
  children: readonly Child[]
  /** The look that found them: whatever is forced makes older ones old. */
  turn: number
  asked: boolean
}

/** A row of the tree. */
export interface TreeRow {
  readonly key: string
  readonly ref: Ref
  /** Null while the row's piece is on its way. */
  readonly child: Child | null
  /** In a list, labels are indexes; the top has none. */
  readonly named: "top" | "attribute" | "element"
  readonly depth: number
  /** Place among its siblings from 0, and how many they are. */
  readonly index: number
  readonly siblings: number
  readonly parent: string | null
  readonly open: boolean
  readonly state: "idle" | "waiting" | "stopped"
  /** For an open list or set: what its children are filtered by, and how many there are. */
  readonly filter: string
  readonly matching: number
}

/** The first row of a piece of the flat list. */
interface Segment {
  readonly start: number
  readonly branch: Branch | null
  readonly from: number
}

export function keyOf(ref: Ref): string {
  return JSON.stringify(ref)
}

/** True if there is something to open. */
export function opens(view: ValueView): boolean {
  switch (view.kind) {
    case "unforced":
    case "failed":
      return true
    case "function":
      return view.doc !== null || view.formals !== null
    case "list":
      return view.length > 0
    case "attrs":
      return view.size > 0
    default:
      return false
  }
}

export class TreeModel {
  readonly run: number
  /** Where the value is in its run: the top, or below it. */
  readonly top: Ref
  readonly #desk: EngineDesk
  readonly #addLog: (lines: readonly string[]) => void
  #root: Child
  readonly #branches = new Map<string, Branch>()
  readonly #states = new Map<string, "waiting" | "stopped">()
  /** For values met more than once: where each was seen first. */
  readonly #twins = new Map<number, Ref>()
  readonly #listeners = new Set<() => void>()
  #segments: Segment[] = []
  #count = 0
  #turn = 0
  #version = 0
  #lastId = 0
  #told = false

  constructor(
    desk: EngineDesk,
    { run, view, forced, top = [] }: Pick<Evaluated, "run" | "view" | "forced"> & { readonly top?: Ref },
    addLog: (lines: readonly string[]) => void,
  ) {
    this.#desk = desk
    this.run = run
    this.top = top
    this.#root = { label: "", step: "", view, at: null, forced }
    this.#addLog = addLog
    this.#note(view)
    this.#flatten()
  }

  /** Something else has evaluated parts of the value: rows are looked at anew when they are in sight. */
  lookAgain(): void {
    this.#turn++
    this.#changed()
  }

  /** How many rows there are. */
  get count(): number {
    return this.#count
  }

  /** For useSyncExternalStore: another number for another state. */
  readonly version = (): number => this.#version

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The row at an index; asks for its piece if that is not there. */
  row(at: number): TreeRow {
    const { branch, index } = this.#place(at)
    if (branch === null) return this.#topRow()
    return this.#rowOf(this.#child(branch, index), null, branch, index)
  }

  /** The row at an index once its piece is there; null if the engine was stopped meanwhile. */
  async loaded(at: number): Promise<TreeRow | null> {
    const { branch, index } = this.#place(at)
    const number = Math.floor(index / CHUNK)
    if (branch !== null && (branch.chunks.get(number)?.children.length ?? 0) === 0) await this.#load(branch, number).catch(() => {})
    const row = this.row(at)
    return row.child === null ? null : row
  }

  /** A number by which the row at an index is known when rows above it come and go; asks for nothing. */
  keyAt(at: number): number {
    const { branch, index } = this.#place(at)
    return branch === null ? 0 : branch.id * 2 ** 26 + index
  }

  #place(at: number): { readonly branch: Branch | null; readonly index: number } {
    let low = 0
    let high = this.#segments.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#segments[middle] as Segment).start <= at) low = middle
      else high = middle - 1
    }
    const segment = this.#segments[low]
    return segment === undefined || segment.branch === null
      ? { branch: null, index: 0 }
      : { branch: segment.branch, index: segment.from + at - segment.start }
  }

  /** Where a node's row is; -1 if it is not open or not loaded. */
  indexOf(key: string): number {
    for (let i = 0; i < this.#segments.length; i++) {
      const { start, branch, from } = this.#segments[i] as Segment
      if (branch === null) {
        if (keyOf(this.top) === key) return start
        continue
      }
      const end = from + (this.#segments[i + 1]?.start ?? this.#count) - start
      for (const [number, chunk] of branch.chunks) {
        const first = number * CHUNK
        if (first >= end || first + CHUNK <= from) continue
        for (const [j, child] of chunk.children.entries()) {
          const index = first + j
          if (index >= from && index < end && keyOf([...branch.ref, child.step]) === key) return start + index - from
        }
      }
    }
    return -1
  }

  /** Where a value was met first, if this is not that place. */
  twin(view: ValueView): Ref | null {
    if (view.kind !== "attrs" && view.kind !== "list") return null
    if ((view.kind === "attrs" ? view.size : view.length) === 0) return null
    const first = this.#twins.get(view.id)
    return first === undefined || keyOf(first) === keyOf(view.ref) ? null : first
  }

  /** Opens or closes a row; a thunk is forced, and opened if it gives a list or set. */
  toggle(row: TreeRow): void {
    if (row.open) this.close(row)
    else void this.open(row)
  }

  close(row: TreeRow): void {
    const branch = this.#branches.get(row.key)
    if (branch === undefined || !branch.open) return
    branch.open = false
    this.#flatten()
  }

  async open(row: TreeRow): Promise<void> {
    if (row.child === null || row.open || row.state === "waiting" || !opens(row.child.view)) return
    let { view } = row.child
    await this.#asking(row.key, async () => {
      if (view.kind === "unforced") {
        view = await this.#force(row)
        // A value without children is shown; a failure stays one line until it is opened.
        if (view.kind !== "list" && view.kind !== "attrs") return
        // What is known already is not opened a second time by itself.
        if (!opens(view) || this.twin(view) !== null) return
      }
      await this.#unfold(row, view)
    })
  }

  /** Forces a thunk; anything else stays as it is. */
  async force(row: TreeRow): Promise<void> {
    if (row.child?.view.kind !== "unforced" || row.state === "waiting") return
    await this.#asking(row.key, async () => {
      await this.#force(row)
    })
  }

  /** Opens the closed siblings of a row that need no evaluation, at most a hundred. */
  openSiblings(row: TreeRow): void {
    const branch = row.parent === null ? undefined : this.#branches.get(row.parent)
    if (branch === undefined) return
    const first = Math.floor(row.index / CHUNK)
    for (const [j, child] of (branch.chunks.get(first)?.children ?? []).entries()) {
      const { kind } = child.view
      if (kind === "list" || kind === "attrs") void this.open(this.#rowOf(child, null, branch, first * CHUNK + j))
    }
  }

  /** Shows only the children of a row that fit a text. */
  filter(row: TreeRow, text: string): void {
    const branch = this.#branches.get(row.key)
    if (branch === undefined || branch.filter === text) return
    branch.filter = text
    for (const below of branch.below) this.#forget(below)
    branch.below.clear()
    branch.chunks.clear()
    this.#ask(branch, 0)
    this.#changed()
  }

  /** Opens whatever leads to a node, evaluating what is on the way; its key, or null if it cannot be reached. */
  async reveal(ref: Ref): Promise<string | null> {
    let at = this.#topRow()
    for (const step of ref.slice(this.top.length)) {
      await this.open(at)
      // A thunk that gives a value seen before is not opened at once.
      at = this.#again(at)
      await this.open(at)
      const { child } = this.#again(at)
      const branch = this.#branches.get(at.key)
      if (branch === undefined || !branch.open || (child?.view.kind !== "attrs" && child?.view.kind !== "list")) return null
      if (branch.filter !== "") this.filter(at, "")
      const found = await this.#find(branch, step).catch(() => null)
      if (found === null) return null
      at = this.#rowOf(found.child, null, branch, found.index)
    }
    return at.key
  }

  #topRow(): TreeRow {
    return this.#rowOf(this.#root, this.top, null, 0)
  }

  /** A row as it is now. */
  #again(row: TreeRow): TreeRow {
    const parent = row.parent === null ? undefined : this.#branches.get(row.parent)
    if (parent === undefined) return this.#topRow()
    return this.#rowOf(this.#child(parent, row.index), row.ref, parent, row.index)
  }

  /** A child of a branch by the last step of its place; looks through it from its beginning. */
  async #find(branch: Branch, step: string | number): Promise<{ child: Child; index: number } | null> {
    const first = branch.inList && typeof step === "number" ? Math.floor(step / CHUNK) : 0
    for (let number = first; number * CHUNK < Math.max(branch.size, 1); number++) {
      if (branch.chunks.get(number)?.children.length === undefined || branch.chunks.get(number)?.children.length === 0)
        await this.#load(branch, number)
      const children = branch.chunks.get(number)?.children ?? []
      const j = children.findIndex((child) => child.step === step)
      const child = children[j]
      if (child !== undefined) return { child, index: number * CHUNK + j }
      if (children.length === 0) return null
    }
    return null
  }

  async #force(row: TreeRow): Promise<ValueView> {
    const answer = await this.#desk.force(this.run, row.ref)
    this.#addLog(answer.log)
    this.#turn++
    this.#replace(row, { view: answer.view, forced: answer.forced })
    return answer.view
  }

  async #unfold(row: TreeRow, view: ValueView): Promise<void> {
    let branch = this.#branches.get(row.key)
    if (branch === undefined) {
      const parent = row.parent === null ? undefined : this.#branches.get(row.parent)
      branch = {
        id: ++this.#lastId,
        key: row.key,
        ref: row.ref,
        inList: view.kind === "list",
        depth: row.depth + 1,
        index: row.index,
        open: false,
        filter: "",
        size: view.kind === "list" ? view.length : view.kind === "attrs" ? view.size : 0,
        chunks: new Map(),
        below: new Set(),
      }
      this.#branches.set(row.key, branch)
      parent?.below.add(branch)
    }
    if (branch.size > 0 && !branch.chunks.has(0)) await this.#load(branch, 0)
    branch.open = true
    this.#flatten()
  }

  #replace(row: TreeRow, to: Pick<Child, "view" | "forced">): void {
    if (row.parent === null) this.#root = { ...this.#root, ...to }
    else {
      const chunk = this.#branches.get(row.parent)?.chunks.get(Math.floor(row.index / CHUNK))
      if (chunk !== undefined)
        chunk.children = chunk.children.map((child) => (child.step === row.child?.step ? { ...child, ...to } : child))
    }
    this.#note(to.view)
    this.#changed()
  }

  #child(branch: Branch, index: number): Child | null {
    const number = Math.floor(index / CHUNK)
    const chunk = branch.chunks.get(number)
    if (chunk === undefined || (chunk.turn < this.#turn && !chunk.asked)) this.#ask(branch, number)
    return chunk?.children[index - number * CHUNK] ?? null
  }

  #ask(branch: Branch, number: number): void {
    const chunk = branch.chunks.get(number)
    if (chunk?.asked === true) return
    if (chunk === undefined) branch.chunks.set(number, { children: [], turn: this.#turn, asked: true })
    else chunk.asked = true
    // Stopped: the rows are asked for again when they are next in sight.
    this.#load(branch, number).catch(() => branch.chunks.delete(number))
  }

  async #load(branch: Branch, number: number): Promise<void> {
    const { filter } = branch
    const turn = this.#turn
    const page: Page = await this.#desk.children(this.run, branch.ref, number * CHUNK, filter)
    if (branch.filter !== filter) return
    for (const child of page.children) this.#note(child.view)
    branch.chunks.set(number, { children: page.children, turn, asked: false })
    if (branch.size !== page.total) {
      branch.size = page.total
      this.#flatten()
    } else this.#changed()
  }

  #note(view: ValueView): void {
    if ((view.kind === "attrs" || view.kind === "list") && !this.#twins.has(view.id)) this.#twins.set(view.id, view.ref)
  }

  #forget(branch: Branch): void {
    for (const below of branch.below) this.#forget(below)
    this.#branches.delete(branch.key)
  }

  #rowOf(child: Child | null, given: Ref | null, parent: Branch | null, index: number): TreeRow {
    const ref = given ?? [...(parent?.ref ?? []), child?.step ?? -1 - index]
    const key = keyOf(ref)
    const branch = this.#branches.get(key)
    return {
      key,
      ref,
      child,
      named: parent === null ? "top" : parent.inList ? "element" : "attribute",
      depth: parent?.depth ?? 0,
      index,
      siblings: parent?.size ?? 1,
      parent: parent?.key ?? null,
      open: branch?.open ?? false,
      state: this.#states.get(key) ?? "idle",
      filter: branch?.filter ?? "",
      matching: branch?.size ?? 0,
    }
  }

  async #asking(key: string, work: () => Promise<void>): Promise<void> {
    this.#states.set(key, "waiting")
    this.#changed()
    try {
      await work()
      this.#states.delete(key)
    } catch {
      // Stopped, or the worker died: nothing is lost, opening it again asks again.
      this.#states.set(key, "stopped")
    }
    this.#changed()
  }

  #flatten(): void {
    const segments: Segment[] = [{ start: 0, branch: null, from: 0 }]
    let row = 1
    const walk = (branch: Branch): void => {
      const open = [...branch.below].filter((below) => below.open).sort((a, b) => a.index - b.index)
      const size = Math.min(branch.size, MOST)
      let from = 0
      for (const below of open) {
        segments.push({ start: row, branch, from })
        row += below.index + 1 - from
        from = below.index + 1
        walk(below)
      }
      if (from >= size) return
      segments.push({ start: row, branch, from })
      row += size - from
    }
    const top = this.#branches.get(keyOf(this.top))
    if (top?.open === true) walk(top)
    this.#segments = segments
    this.#count = row
    this.#changed()
  }

  /** Tells the listeners soon, once for whatever has happened meanwhile: rows are also asked for while they are drawn. */
  #changed(): void {
    this.#version++
    if (this.#told) return
    this.#told = true
    queueMicrotask(() => {
      this.#told = false
      for (const listener of this.#listeners) listener()
    })
  }
}
