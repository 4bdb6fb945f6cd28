// A folder that resembles a package set: 10,000 files, 100 MB, the same each time. Most files are expressions of some kilobytes in
// small folders two letters deep, beside them patches, lock files of some hundred kilobytes and a few archives.
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

/**
 * @param {number} files how many
 * @param {number} bytes how many together, about
 * @returns {[path: string, contents: Uint8Array][]} in the order of a walk
 */
export function packageSet(files = 10_000, bytes = 100_000_000) {
  const random = generator(20_261_121)
  const words = Array.from({ length: 4000 }, () =>
    random(2 ** 31)
      .toString(36)
      .slice(0, 3 + random(6)),
  )
  /** @type {[string, number, boolean][]} path, weight, whether it is text */
  const plan = []
  for (let i = 0; plan.length < files; i++) {
    const name = `${words[random(4000)]}-${i}`
    const folder = `pkgs/by-name/${name.slice(0, 2)}/${name}`
    plan.push([`${folder}/package.nix`, 700 + random(5000), true])
    if (random(3) === 0) plan.push([`${folder}/fix-${random(100)}.patch`, 500 + random(12_000), true])
    if (random(12) === 0) plan.push([`${folder}/deps.json`, 20_000 + random(200_000), true])
    if (random(400) === 0) plan.push([`${folder}/bootstrap.tar.xz`, 1_000_000 + random(5_000_000), false])
    if (random(9) === 0) plan.push([`nixos/modules/services/${words[random(60)]}/${name}.nix`, 2000 + random(30_000), true])
  }
  plan.length = files
  const weight = plan.reduce((sum, [, size]) => sum + size, 0)
  plan.sort(([a], [b]) => (a < b ? -1 : 1))
  return plan.map(([path, size, isText]) => {
    const target = Math.max(1, Math.round((size * bytes) / weight))
    return [path, isText ? text(target, words, random) : noise(target, random)]
  })
}

/**
 * Writes files into a folder.
 * @param {string} folder
 * @param {[string, Uint8Array][]} files
 */
export function writeFolder(folder, files) {
  for (const [path, contents] of files) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), contents)
  }
}

/** @param {number} size @param {string[]} words @param {(below: number) => number} random */
function text(size, words, random) {
  const parts = []
  for (let length = 0; length < size; ) {
    const line = `  ${words[random(words.length)]} = ${words[random(words.length)]} "${words[random(words.length)]}";\n`
    parts.push(line)
    length += line.length
  }
  return new TextEncoder().encode(parts.join("").slice(0, size))
}

/** @param {number} size @param {(below: number) => number} random */
function noise(size, random) {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = random(256)
  return bytes
}

/** Numbers from 0 to before `below`. @param {number} seed @returns {(below: number) => number} */
function generator(seed) {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
