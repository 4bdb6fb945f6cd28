// The keys that `builtins.genericClosure` has met. Keys of one plain type are hashed; anything else goes
// into a red-black tree that compares the same pairs as C++ Nix's std::map does, since a comparison may fail,
// or force elements of lists. (Tree: libstdc++ _M_get_insert_unique_pos and _Rb_tree_insert_and_rebalance.)

import { stepLessThan } from "./compare.ts"
import type { Runtime } from "./runtime.ts"
import type { Step } from "./step.ts"
import { textOf, type Value } from "./value.ts"

interface Node<T> {
  readonly key: Value
  readonly item: T
  red: boolean
  parent: Node<T> | null
  left: Node<T> | null
  right: Node<T> | null
}

/** An ordered set of keys; each has the item it came from. */
export class KeySet<T> {
  readonly #rt: Runtime
  /** Plain keys of one type in the order they came; null once the tree is in use. */
  #plain: Map<string | number | bigint, { readonly key: Value; readonly item: T }> | null = new Map()
  #type: "string" | "int" | null = null
  #root: Node<T> | null = null

  constructor(rt: Runtime) {
    this.#rt = rt
  }

  /** True at once or false at once if the key is plain; undefined if `insert` has to find out. */
  insertPlain(key: Value, item: T): boolean | undefined {
    if (this.#plain === null) return undefined
    const text = textOf(key)
    const plain = text ?? (typeof key === "number" || typeof key === "bigint" ? key : undefined)
    const type = text === undefined ? "int" : "string"
    if (plain === undefined || (this.#type !== null && this.#type !== type)) return undefined
    this.#type = type
    if (this.#plain.has(plain)) return false
    this.#plain.set(plain, { key, item })
    return true
  }

  /** Inserts a key; true if it is new. Throws what comparing throws. */
  *insert(key: Value, item: T): Step<boolean> {
    if (this.#plain !== null) {
      // The same keys in the same order give the same tree.
      const plain = this.#plain
      this.#plain = null
      for (const old of plain.values()) yield this.#insert(old.key, old.item)
    }
    return (yield this.#insert(key, item)) as boolean
  }

  *#insert(key: Value, item: T): Step<boolean> {
    let parent: Node<T> | null = null
    let below = true
    for (let at = this.#root; at !== null; at = below ? at.left : at.right) {
      parent = at
      below = (yield stepLessThan(this.#rt, key, at.key, "")) as boolean
    }
    const before: Node<T> | null = below && parent !== null ? predecessor(parent) : parent
    if (before !== null && !(yield stepLessThan(this.#rt, before.key, key, ""))) return false
    const node: Node<T> = { key, item, red: true, parent, left: null, right: null }
    if (parent === null) this.#root = node
    else if (below) parent.left = node
    else parent.right = node
    this.#rebalance(node)
    return true
  }

  /** The items in the order of their keys. */
  *inOrder(): Generator<{ readonly key: Value; readonly item: T }, void> {
    let at = this.#root
    while (at !== null && at.left !== null) at = at.left
    for (; at !== null; at = successor(at)) yield at
  }

  #rebalance(inserted: Node<T>): void {
    let node = inserted
    for (;;) {
      const parent: Node<T> | null = node.parent
      if (parent === null || !parent.red) break
      // A red parent is never the root.
      const grand = parent.parent as Node<T>
      const leftSide = parent === grand.left
      const uncle = leftSide ? grand.right : grand.left
      if (uncle?.red) {
        parent.red = false
        uncle.red = false
        grand.red = true
        node = grand
        continue
      }
      const inner = leftSide ? parent.right === node : parent.left === node
      if (inner) this.#rotate(parent, leftSide)
      const top = inner ? node : parent
      top.red = false
      grand.red = true
      this.#rotate(grand, !leftSide)
      break
    }
    if (this.#root !== null) this.#root.red = false
  }

  #rotate(node: Node<T>, toLeft: boolean): void {
    const up = (toLeft ? node.right : node.left) as Node<T>
    const moved = toLeft ? up.left : up.right
    if (toLeft) node.right = moved
    else node.left = moved
    if (moved !== null) moved.parent = node
    up.parent = node.parent
    if (node.parent === null) this.#root = up
    else if (node.parent.left === node) node.parent.left = up
    else node.parent.right = up
    if (toLeft) up.left = node
    else up.right = node
    node.parent = up
  }
}

function predecessor<T>(node: Node<T>): Node<T> | null {
  if (node.left !== null) {
    let at = node.left
    while (at.right !== null) at = at.right
    return at
  }
  let at: Node<T> = node
  while (at.parent !== null && at.parent.left === at) at = at.parent
  return at.parent
}

function successor<T>(node: Node<T>): Node<T> | null {
  if (node.right !== null) {
    let at = node.right
    while (at.left !== null) at = at.left
    return at
  }
  let at: Node<T> = node
  while (at.parent !== null && at.parent.right === at) at = at.parent
  return at.parent
}
