// Store paths as people read them.

/** `name` of `/nix/store/HASH-name`; without the `.drv` of a derivation. */
export function nameOfPath(path: string): string {
  return path.replace(/^.*\/[0-9a-z]{32}-/, "").replace(/\.drv$/, "")
}

/** The store paths in a text, each once. */
export function storePathsIn(text: string): string[] {
  return [...new Set(text.match(/\/[\w./-]*?\/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+\-._?=]+/g) ?? [])]
}
