// What package-lock.json must hold, as plain functions: used by complete-lock.mjs and tests/lockfile.test.ts.
//
// npm leaves an optional dependency out of the lock when the registry cannot serve it (some mirrors lack the
// packages of foreign platforms), and `npm ci` then refuses that very lock ("Missing: ... from lock file").
// An entry without integrity is enough: npm skips entries of other platforms before any download.

/**
 * @typedef {{ version?: string, resolved?: string, optional?: boolean, dev?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   optionalDependencies?: Record<string, string> }} LockEntry
 * @typedef {{ packages: Record<string, LockEntry> }} Lock
 */

/**
 * The optional dependencies that some entry names and the lock does not hold.
 * @param {Lock} lock
 * @returns {{ name: string, version: string, dev: boolean }[]}
 */
export function missingOptional(lock) {
  /** @type {Map<string, { name: string, version: string, dev: boolean }>} */
  const missing = new Map()
  for (const [place, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const nested = `${place === "" ? "" : `${place}/`}node_modules/${name}`
      if (lock.packages[nested] || lock.packages[`node_modules/${name}`]) continue
      missing.set(name, { name, version, dev: entry.dev === true })
    }
  }
  return [...missing.values()]
}

/**
 * The lock entry of a platform package, read off its name (`@biomejs/cli-linux-x64-musl`).
 * @param {{ name: string, version: string, dev: boolean }} wanted
 * @returns {LockEntry}
 * @throws {Error} when the version is a range or the name tells no platform: then the entry has to be written by hand
 */
export function platformEntry({ name, version, dev }) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name}: expected an exact version, got ${version}`)
  const words = name.split(/[-/]/)
  const os = words.find((word) => OPERATING_SYSTEMS.has(word))
  const cpu = words.find((word) => PROCESSORS.has(word))
  if (os === undefined && cpu === undefined) throw new Error(`${name}: no platform in this name`)
  const libc = os !== "linux" ? undefined : words.includes("musl") ? "musl" : words.includes("gnu") ? "glibc" : undefined
  return {
    version,
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(dev ? { dev } : {}),
    ...(libc ? { libc: [libc] } : {}),
    optional: true,
    ...(os ? { os: [os] } : {}),
  }
}

const OPERATING_SYSTEMS = new Set(["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"])
const PROCESSORS = new Set(["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"])
