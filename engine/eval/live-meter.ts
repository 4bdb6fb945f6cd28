// How much of what an evaluation has allocated is still alive: an estimate that works in the middle of one
// long synchronous run, where a worker sees no event and JavaScript gives no number.
//
// Every so many bytes (runtime.ts) one new object becomes a *sample* that stands for all bytes allocated since
// the last one. A weak reference to the object itself would not do: creating or reading it keeps the object
// until the end of the job. So a sample gets *tokens*, small objects that only it holds (by a WeakMap), and
// whose weak references were made in an earlier job. Reading one of them tells whether the sample is alive, and
// then keeps the token, not the sample; each look at a sample takes a fresh token.
//
// Weak references are cleared by full collections only, and a program that makes young garbage needs none for
// minutes. So an estimate above the limit is not believed before a collection has certainly happened:
// memory is asked for until a token that nobody holds is gone.
//
// Measured in Chromium 156 and Node 20 on two shared cores: 3–60 buffers and 10–400 ms bring the collection (heaps of 10 MB to 1 GB);
// a look at 1,000 samples takes 0.1 ms, filling the stock 15 ms.

/** Looks at one sample within one job; after that it counts as alive until the next job. */
const TOKENS = 10
/** Samples at the same time; above it every other one goes and its neighbour stands for both. */
const SAMPLES = 1200
/** Tokens in stock: for samples, and for finding out whether a collection has happened. */
const STOCK = 32_000
/** Buffers that are made at most to bring a collection about, their bytes, and how many are kept at a time. */
const PIECES = 160
const PIECE = 2 ** 25
const KEPT = 8

interface Sample {
  readonly refs: readonly WeakRef<object>[]
  /** Tokens used up in this job. */
  used: number
  bytes: number
}

/** Estimates live bytes of all evaluators that share it (one meter a worker). */
export class LiveMeter {
  /** Live bytes that are too many, by the engine's own count. */
  readonly limit: number
  #tokens: (object | null)[] = []
  #refs: WeakRef<object>[] = []
  /** Tokens of the stock from here on are unused. */
  #next = 0
  /** As many tokens can be used in this job: those that were there before it began. */
  #usable = 0
  #holders = new WeakMap<object, object[]>()
  #samples: Sample[] = []
  /** Bytes told of in this job, and where the next look is due. */
  #allocated = 0
  #due: number

  constructor(limit: number) {
    this.limit = limit
    this.#due = limit
  }

  /**
   * Bytes from one sample to the next: a share of what was allocated, so that the stock lasts for any total (400 samples until
   * 400 MB, then 280 for each doubling).
   */
  get interval(): number {
    return Math.max(2 ** 20, Math.round(this.#allocated / 400))
  }

  /** Fills the stock of tokens: when nothing is being evaluated. They are of use from the next job on. */
  stock(): void {
    if (this.#tokens.length - this.#next > STOCK * 0.8) return
    const tokens: (object | null)[] = []
    const refs: WeakRef<object>[] = []
    for (let i = this.#next; i < this.#tokens.length; i++) {
      tokens.push(this.#tokens[i] as object)
      refs.push(this.#refs[i] as WeakRef<object>)
    }
    while (tokens.length < STOCK) {
      const token = {}
      tokens.push(token)
      refs.push(new WeakRef(token))
    }
    this.#tokens = tokens
    this.#refs = refs
    this.#next = 0
    this.#usable = 0
  }

  /** A new job begins: weak references read in the last one keep nothing any more. Asks again for all samples. */
  begin(): void {
    this.#usable = this.#tokens.length
    for (const s of this.#samples) s.used = 0
    this.#allocated = 0
    this.#due = Math.max(this.limit / 16, this.limit - this.#look())
  }

  /**
   * Tells of bytes that are about to be allocated or just were; returns true when there is too much alive. `held` is what is
   * certainly alive at this moment and was not told of: the stepper's frames.
   */
  add(bytes: number, held: number): boolean {
    this.#allocated += bytes
    return this.#allocated + held >= this.#due && this.#tooMuch(held)
  }

  /** Lets an object stand for `bytes` that `add` was told of: they are taken to live as long as it does. */
  hold(object: object, bytes: number): void {
    if (this.#holders.has(object) || this.#next + TOKENS > this.#usable) return
    const tokens: object[] = []
    const refs: WeakRef<object>[] = []
    for (let i = 0; i < TOKENS; i++) {
      const at = this.#next++
      tokens.push(this.#tokens[at] as object)
      refs.push(this.#refs[at] as WeakRef<object>)
      this.#tokens[at] = null
    }
    this.#holders.set(object, tokens)
    this.#samples.push({ refs, used: 0, bytes })
    if (this.#samples.length > SAMPLES) this.#thin()
  }

  /** The estimate of live bytes; each call takes a token of each sample. */
  #look(): number {
    let live = 0
    const alive: Sample[] = []
    for (const s of this.#samples) {
      const ref = s.used < TOKENS ? s.refs[s.used++] : undefined
      if (ref !== undefined && ref.deref() === undefined) continue
      live += s.bytes
      alive.push(s)
    }
    this.#samples = alive
    return live
  }

  #thin(): void {
    this.#look()
    const samples = this.#samples
    if (samples.length < SAMPLES * 0.75) return
    const kept: Sample[] = []
    for (let i = 0; i + 1 < samples.length; i += 2) {
      const s = samples[i] as Sample
      s.bytes += (samples[i + 1] as Sample).bytes
      kept.push(s)
    }
    this.#samples = kept
  }

  #tooMuch(held: number): boolean {
    let live = this.#look() + held
    if (live >= this.limit * 0.8) {
      this.#collect()
      live = this.#look() + held
    }
    if (live >= this.limit) return true
    // Near the limit the looks come closer together, each with a collection.
    this.#due = this.#allocated + held + Math.max(this.limit / 16, this.limit - live)
    return false
  }

  /**
   * Asks for memory until a full collection has happened, or gives up (an engine that collects otherwise). Buffers, since nobody
   * touches their pages, and some of them kept: lists of 16 MB are freed by young collections and bring none of the full ones.
   */
  #collect(): void {
    const buffers: (ArrayBuffer | null)[] = new Array(KEPT).fill(null)
    try {
      for (let i = 0; i < PIECES && this.#next < this.#usable; i++) {
        const at = this.#next++
        this.#tokens[at] = null
        buffers[i % KEPT] = new ArrayBuffer(PIECE)
        if ((this.#refs[at] as WeakRef<object>).deref() === undefined) return
      }
    } catch (e) {
      // No room for a buffer: there has been a collection.
      if (!(e instanceof RangeError)) throw e
    }
  }
}
