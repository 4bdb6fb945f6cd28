// A memory with a bound: what was not asked for the longest time goes first. What an evaluation needed twice is pinned.

interface Kept<V> {
  readonly value: V
  /** Bytes, about. */
  readonly cost: number
}

/**
 * Values by key, up to a number of bytes in all. A restarted evaluation reads again what it has read before: if that is more than
 * fits, it would wait for ever. So what is fetched a second time may be pinned: it stays until `unpin`.
 */
export class HotCache<K, V> {
  /** Bytes that may be kept besides what is pinned. */
  readonly bound: number
  /** In the order in which they were asked for, the last one last. */
  readonly #kept = new Map<K, Kept<V>>()
  readonly #pinned = new Map<K, V>()
  #used = 0

  constructor(bound: number) {
    this.bound = bound
  }

  /** Bytes kept, about, without what is pinned. */
  get used(): number {
    return this.#used
  }

  /** Whether the value is there; unlike `get` this is no use of it. */
  has(key: K): boolean {
    return this.#kept.has(key) || this.#pinned.has(key)
  }

  get(key: K): V | undefined {
    const pinned = this.#pinned.get(key)
    if (pinned !== undefined) return pinned
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.value
  }

  /** Keeps a value; the oldest go if it is too much. The newest stays whatever it costs. */
  set(key: K, value: V, cost: number): void {
    this.delete(key)
    this.#kept.set(key, { value, cost })
    this.#used += cost
    for (const oldest of this.#kept.keys()) {
      if (this.#used <= this.bound || this.#kept.size === 1) return
      this.delete(oldest)
    }
  }

  /** Keeps a value until `unpin`. */
  pin(key: K, value: V): void {
    this.#pinned.set(key, value)
  }

  /** Lets go of all that is pinned. */
  unpin(): void {
    this.#pinned.clear()
  }

  delete(key: K): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#used -= kept.cost
  }

  clear(): void {
    this.#kept.clear()
    this.#pinned.clear()
    this.#used = 0
  }
}
