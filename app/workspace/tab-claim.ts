// Which tab writes a workspace: one at a time, held as a lock of the browser's (Web Locks), which ends with the tab however it ends. The
// other tabs wait in line and look on. One of them may take over: the holder is asked to save, then the lock is taken from it, even if
// it does not answer (a tab that the browser has put to sleep).

/** What becomes of a claim. */
export interface ClaimListener {
  /** This tab writes the workspace from now on. */
  gained(id: string): void
  /** Another tab writes it. */
  lost(id: string): void
  /** Another tab is about to write it: what is unsaved is to be saved now. */
  leaving(id: string): void
}

/** As much of the browser as is needed. */
export interface ClaimHost {
  readonly locks: LockManager
  /** Between the tabs of this origin. */
  readonly channel: Pick<BroadcastChannel, "postMessage" | "addEventListener">
}

type Message = { readonly kind: "wanted" | "given"; readonly id: string }

/** How long a holder may take to let go: after a reload the page before may still have it. Milliseconds. */
const GRACE = 300
/** How long a holder may take to save. Milliseconds. */
const ANSWER = 1000

const lockName = (id: string): string => `thunkpad/2/workspace/${id}`

export class TabClaim {
  readonly #host: ClaimHost
  readonly #listener: ClaimListener
  #id: string | null = null
  #isMine = false
  /** Lets the lock go. */
  #release: () => void = () => {}
  /** Leaves the line. */
  #wait = new AbortController()
  #given: (id: string) => void = () => {}

  constructor(host: ClaimHost, listener: ClaimListener) {
    this.#host = host
    this.#listener = listener
    host.channel.addEventListener("message", (event) => this.#hear((event as MessageEvent<Message>).data))
  }

  /** This tab has opened a workspace, and lets go of the one before. */
  claim(id: string): void {
    if (id === this.#id) return
    this.#leave()
    this.#id = id
    this.#queue(id, GRACE)
  }

  /** This tab is to write the workspace that it has open. */
  async takeOver(): Promise<void> {
    const id = this.#id
    if (id === null || this.#isMine) return
    const saved = new Promise<void>((resolve) => {
      this.#given = (given) => (given === id ? resolve() : undefined)
      setTimeout(resolve, ANSWER)
    })
    this.#host.channel.postMessage({ kind: "wanted", id } satisfies Message)
    await saved
    if (this.#id !== id || this.#isMine) return
    this.#wait.abort()
    this.#hold(id, { steal: true })
  }

  /** Waits in line for the lock; whoever still waits after so many milliseconds is told. */
  #queue(id: string, patience: number): void {
    const wait = new AbortController()
    this.#wait = wait
    this.#hold(id, { signal: wait.signal })
    setTimeout(() => {
      if (this.#wait === wait && !wait.signal.aborted && this.#id === id && !this.#isMine) this.#listener.lost(id)
    }, patience)
  }

  #hold(id: string, options: LockOptions): void {
    let held = false
    const asked = this.#host.locks.request(lockName(id), options, () => {
      if (this.#id !== id) return
      held = true
      this.#isMine = true
      this.#listener.gained(id)
      return new Promise<void>((resolve) => {
        this.#release = resolve
      })
    })
    asked.catch(() => {
      // Left the line, or another tab has taken the lock.
      if (!held || this.#id !== id || !this.#isMine) return
      this.#isMine = false
      this.#queue(id, 0)
    })
  }

  #leave(): void {
    this.#isMine = false
    this.#wait.abort()
    this.#release()
    this.#release = () => {}
  }

  #hear({ kind, id }: Message): void {
    if (kind === "given") this.#given(id)
    else if (id === this.#id && this.#isMine) this.#handOver(id)
  }

  #handOver(id: string): void {
    this.#listener.leaving(id)
    this.#leave()
    this.#host.channel.postMessage({ kind: "given", id } satisfies Message)
    this.#queue(id, 0)
  }
}

/** The browser's, where it has them: pages without a secure origin have no locks. */
export function browserClaims(listener: ClaimListener): TabClaim | null {
  try {
    const { locks } = navigator as { readonly locks?: LockManager }
    return locks === undefined ? null : new TabClaim({ locks, channel: new BroadcastChannel("thunkpad-workspaces") }, listener)
  } catch {
    return null
  }
}
