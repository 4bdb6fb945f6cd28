// What the user has typed, kept across reloads and crashes. Plain data in localStorage; where storage is
// denied (a third-party frame, a private window) it lives as long as the page and says so.

export interface Workspace {
  readonly text: string
  readonly history: readonly string[]
  /** False where nothing can be kept. */
  readonly kept: boolean
  /** Saves the text; with `ran` it goes on top of the history as well. */
  save(text: string, ran: boolean): Workspace
}

const KEY = "thunkpad/1/workspace"
const HISTORY = 100

/** The example a new user sees. */
export const FIRST_TEXT = `let
  greet = name: "Hello, \${name}!";
  fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2);
in
{
  greeting = greet "Nix";
  numbers = map fib [ 5 10 20 ];
  unforced = throw "nobody has looked at me yet";
}
`

/** Reads the saved workspace; a damaged record is a new one. */
export function openWorkspace(): Workspace {
  try {
    const raw = localStorage.getItem(KEY)
    const saved: unknown = raw === null ? null : JSON.parse(raw)
    if (typeof saved === "object" && saved !== null && "text" in saved && typeof saved.text === "string") {
      const history = "history" in saved && Array.isArray(saved.history) ? saved.history.filter((h) => typeof h === "string") : []
      return make(saved.text, history, true)
    }
    return make(FIRST_TEXT, [], true)
  } catch {
    // Storage is denied or the record is no JSON: begin anew, saving decides whether anything is kept.
    return make(FIRST_TEXT, [], false)
  }
}

function make(text: string, history: readonly string[], kept: boolean): Workspace {
  return {
    text,
    history,
    kept,
    save(next, ran) {
      const entries = ran ? [next, ...history.filter((h) => h !== next)].slice(0, HISTORY) : history
      try {
        localStorage.setItem(KEY, JSON.stringify({ text: next, history: entries }))
        return make(next, entries, true)
      } catch {
        // Denied or full: the page goes on without keeping.
        return make(next, entries, false)
      }
    },
  }
}
