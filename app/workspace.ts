// What the user has typed, kept across reloads and crashes. Plain data in localStorage; where storage is
// denied (a third-party frame, a private window) it lives as long as the page and says so.

export interface Workspace {
  readonly text: string
  readonly history: readonly string[]
  /** False where nothing can be kept. */
  readonly kept: boolean
  /** True if this tab went away in the middle of an evaluation. */
  readonly interrupted: boolean
  /** Saves the text; with `ran` it goes on top of the history as well. */
  save(text: string, ran: boolean): Workspace
}

const KEY = "thunkpad/1/workspace"
/** Of one tab: set while an evaluation is under way. */
const RUNNING = "thunkpad/1/running"
const HISTORY = 100
/** Longer texts are kept in the editor, but not in the history: storage is 5 MB. */
const LONGEST = 20_000

/** The example a new user sees. */
export const FIRST_TEXT = `let
  language = "Nix";
  fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2);
in
{
  inherit language;
  answer = 42;
  greeting = "Hello, \${language}!";
  numbers = map fib [ 5 10 20 ];
  unforced = throw "nobody has looked at me yet";
}
`

/** Reads the saved workspace; a damaged record is a new one. */
export function openWorkspace(): Workspace {
  try {
    const interrupted = sessionStorage.getItem(RUNNING) !== null
    const raw = localStorage.getItem(KEY)
    const saved: unknown = raw === null ? null : JSON.parse(raw)
    if (typeof saved === "object" && saved !== null && "text" in saved && typeof saved.text === "string") {
      const history = "history" in saved && Array.isArray(saved.history) ? saved.history.filter((h) => typeof h === "string") : []
      return make({ text: saved.text, history, kept: true, interrupted })
    }
    return make({ text: FIRST_TEXT, history: [], kept: true, interrupted })
  } catch {
    // Storage is denied or the record is no JSON: begin anew, saving decides whether anything is kept.
    return make({ text: FIRST_TEXT, history: [], kept: false, interrupted: false })
  }
}

/** Notes whether an evaluation is under way in this tab. */
export function noteRunning(running: boolean): void {
  try {
    if (running) sessionStorage.setItem(RUNNING, "1")
    else sessionStorage.removeItem(RUNNING)
  } catch {
    // Denied: then a crash cannot be told from a reload.
  }
}

function make(fields: Omit<Workspace, "save">): Workspace {
  return {
    ...fields,
    save(text, ran) {
      const { history } = fields
      const entries = ran && text.length <= LONGEST ? [text, ...history.filter((h) => h !== text)].slice(0, HISTORY) : history
      return make({ text, history: entries, kept: store(text, entries), interrupted: false })
    },
  }
}

function store(text: string, history: readonly string[]): boolean {
  // A full store gives up old entries before it gives up the text.
  for (const entries of [history, history.slice(0, 10), []]) {
    try {
      localStorage.setItem(KEY, JSON.stringify({ text, history: entries }))
      return true
    } catch {
      // Denied or full: try with less; the page goes on without keeping.
    }
  }
  return false
}
