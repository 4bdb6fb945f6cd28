// What is fetched ahead when evaluation has to wait: each wait undoes what is in progress, so a package set that is read file by
// file would be started thousands of times. From one wait to the next the number of directories and files doubles; what is near
// comes first.

import type { B3Digest } from "../castore/digest.ts"
import type { Directory, DirectoryNode, FileNode } from "../castore/node.ts"
import { isDerivationPath, type StorePath } from "../formats/store-path/store-path.ts"
import type { HotStore } from "./hot-store.ts"
import type { StoredPath } from "./path-info-store.ts"

/** What a file is read for: Nix code is read with other Nix code, sources are hashed with others of their kind. */
export type Purpose = "source" | "hash"

/** The most that is fetched at the first wait. */
export interface Window {
  readonly directories: number
  readonly files: number
  /** Bytes of files. */
  readonly bytes: number
  /** Objects of the store (derivations and their inputs). */
  readonly objects: number
}

/** Nothing but what is asked for. */
export const noWindow: Window = { directories: 0, files: 0, bytes: 0, objects: 0 }

const firstWindow: Window = { directories: 4096, files: 1024, bytes: 4 * 2 ** 20, objects: 64 }
/** Windows grow up to these. */
const largest: Window = { directories: 16_384, files: 16_384, bytes: 32 * 2 ** 20, objects: 8192 }

/** Directories read in one batch. */
const WAVE = 512
/** The largest files that are fetched ahead, in bytes: Nix code anywhere, other files beside what is asked for, and far away. */
const CODE = 2 ** 18
const BESIDE = 2 ** 17
const FAR = 2 ** 16
/** Entries looked at in search of files. */
const LOOKS = 50_000

export class Prefetcher {
  readonly #hot: HotStore
  #window: Window

  constructor(hot: HotStore, window: Window = firstWindow) {
    this.#hot = hot
    this.#window = window
  }

  #grow(part: keyof Window): number {
    const size = this.#window[part]
    this.#window = { ...this.#window, [part]: Math.min(2 * size, largest[part]) }
    return size
  }

  /** Reads a directory, its siblings in `parent`, and what is below them. */
  async directories(wanted: DirectoryNode, parent: DirectoryNode | null, pin: boolean): Promise<void> {
    const hot = this.#hot
    let left = this.#grow("directories")
    const seen = new Set<B3Digest>([wanted.digest])
    let wave: B3Digest[] = []
    const add = (directory: Directory | undefined): void => {
      for (const node of directory?.values() ?? []) {
        if (node.kind !== "directory" || seen.has(node.digest)) continue
        seen.add(node.digest)
        wave.push(node.digest)
      }
    }
    const beside = parent === null ? undefined : hot.directory(parent.digest)
    add(beside)
    const first = wave.filter((digest) => !hot.hasDirectory(digest)).slice(0, left)
    await hot.readDirectories(wanted.digest, first, pin)
    left -= first.length
    // Below what was asked for first, then below its siblings.
    const around = wave
    wave = []
    add(hot.directory(wanted.digest))
    for (const digest of around) add(hot.directory(digest))
    while (wave.length > 0 && left > 0) {
      const batch = wave.splice(0, WAVE)
      const cold = batch.filter((digest) => !hot.hasDirectory(digest)).slice(0, left)
      const last = cold.pop()
      if (last !== undefined) await hot.readDirectories(last, cold, false)
      left -= cold.length + 1
      for (const digest of batch) add(hot.directory(digest))
    }
  }

  /** Reads a file and others near it; `above` are the directories that contain it, the nearest first. */
  async files(wanted: FileNode, purpose: Purpose, above: readonly DirectoryNode[], pin: boolean): Promise<void> {
    const files = this.#grow("files")
    const bytes = this.#grow("bytes")
    await this.#hot.readTexts(wanted, files === 0 ? [] : this.#near(wanted, purpose, above, { files, bytes }), pin)
  }

  #near(wanted: FileNode, purpose: Purpose, above: readonly DirectoryNode[], most: Pick<Window, "files" | "bytes">): FileNode[] {
    const hot = this.#hot
    const found: FileNode[] = []
    const seen = new Set<B3Digest>([wanted.digest])
    let { bytes } = most
    let looks = LOOKS
    const visited = new Set<B3Digest>()
    const visit = (digest: B3Digest, beside: boolean): Directory | undefined => {
      const directory = hot.directory(digest)
      for (const [name, node] of directory ?? []) {
        looks--
        if (node.kind !== "file" || seen.has(node.digest)) continue
        const code = name.endsWith(".nix")
        const limit = code && purpose === "source" ? CODE : beside ? BESIDE : code === (purpose === "source") ? FAR : 0
        if (node.size > limit || node.size === 0 || hot.hasText(node.digest)) continue
        seen.add(node.digest)
        found.push(node)
        bytes -= node.size
        if (bytes < 0 || found.length >= most.files) return undefined
      }
      return directory
    }
    for (const [i, top] of above.entries()) {
      const wave = [top.digest]
      for (let digest = wave.shift(); digest !== undefined; digest = wave.shift()) {
        if (visited.has(digest)) continue
        visited.add(digest)
        const directory = visit(digest, i === 0 && digest === top.digest)
        if (bytes < 0 || found.length >= most.files || looks < 0) return found
        for (const node of directory?.values() ?? []) if (node.kind === "directory") wave.push(node.digest)
      }
    }
    return found
  }

  /** Reads what is known of a store path; of a derivation also its text and the derivations it needs. False if it is not there. */
  async object(wanted: StorePath): Promise<boolean> {
    const hot = this.#hot
    const [info] = await hot.readInfos([wanted])
    if (info === undefined) return false
    if (!isDerivationPath(wanted)) return true
    let left = this.#grow("objects")
    const seen = new Set<StorePath>([wanted])
    let wave: StoredPath[] = [info]
    while (wave.length > 0 && left > 0) {
      const texts = wave.flatMap(({ node }) => (node.kind === "file" && !hot.hasText(node.digest) ? [node] : []))
      const last = texts.pop()
      if (last !== undefined) await hot.readTexts(last, texts, false)
      const next: StorePath[] = []
      for (const { references } of wave) {
        for (const path of references) {
          if (seen.has(path) || !isDerivationPath(path) || left <= 0) continue
          seen.add(path)
          left--
          next.push(path)
        }
      }
      wave = next.length === 0 ? [] : await hot.readInfos(next)
    }
    return true
  }
}
