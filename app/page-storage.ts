// Small things that the page keeps: the widths of the panes, the inputs of the repl. Nothing where storage is denied.

/** As much of a Storage as is needed; never throws. */
export const pageStorage = {
  getItem(key: string): string | null {
    try {
      return localStorage.getItem(key)
    } catch {
      return null
    }
  },
  setItem(key: string, value: string): void {
    try {
      localStorage.setItem(key, value)
    } catch {
      // Denied or full: the widths are as usual next time.
    }
  },
}
