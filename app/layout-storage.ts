// Where the widths of the panes are kept; nowhere where storage is denied.

/** As much of a Storage as the panes need; never throws. */
export const layoutStorage = {
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
