// Evaluations over EvalIO for tests: trees imported into memory stores, hosts that fetch ahead or only what is asked for.
import * as fs from "node:fs"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import type { Node } from "../../engine/castore/node.ts"
import { TreeIngest } from "../../engine/castore/tree-ingest.ts"
import { forceDeep } from "../../engine/eval/deep.ts"
import { NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { printAmbiguous } from "../../engine/eval/print-ambiguous.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import type { Cell } from "../../engine/eval/value.ts"
import { bytesOfText } from "../../engine/store/byte-text.ts"
import { EvalIO, type EvalIOOptions } from "../../engine/store/eval-io.ts"
import { noWindow } from "../../engine/store/eval-io-prefetch.ts"
import { HotStore, type HotStoreOptions } from "../../engine/store/hot-store.ts"
import { MemoryPathInfoStore } from "../../engine/store/memory-path-info-store.ts"
import { type MountedFile, type MountedTree, Mounts } from "../../engine/store/mount.ts"
import type { Stores } from "../../engine/store/stores.ts"

export const storeDir = "/nix/store"
/** Seconds since 1970. */
export const clock = 1_700_000_000

export function memoryStores(): Stores {
  return { blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore(), infos: new MemoryPathInfoStore() }
}

/** A file of a test's tree: its bytes (a byte string), or where a symlink leads. */
export type TestFile = MountedFile

/** Puts files (by path without a slash in front) into a castore. */
export async function importFiles({ blobs, directories }: Stores, files: Readonly<Record<string, TestFile>>): Promise<Node> {
  const ingest = new TreeIngest(blobs, directories)
  for (const [path, file] of Object.entries(files)) {
    if (typeof file === "string") await ingest.file(path, false, bytesOfText(file))
    else if ("symlink" in file) ingest.symlink(path, file.symlink)
    else await ingest.file(path, file.executable, bytesOfText(file.text))
  }
  return ingest.finish()
}

/** Puts a folder of the disk into a castore. */
export async function importFolder({ blobs, directories }: Stores, folder: string): Promise<Node> {
  const ingest = new TreeIngest(blobs, directories)
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const full = `${entry.parentPath}/${entry.name}`
    const path = full.slice(folder.length + 1)
    if (entry.isDirectory()) ingest.directory(path)
    else if (entry.isSymbolicLink()) ingest.symlink(path, fs.readlinkSync(full))
    else await ingest.file(path, (fs.statSync(full).mode & 0o100) !== 0, fs.readFileSync(full))
  }
  return ingest.finish()
}

export interface Setup {
  readonly stores?: Stores
  readonly files?: Readonly<Record<string, MountedFile>>
  readonly trees?: Readonly<Record<string, MountedTree>>
  readonly settings?: Partial<Settings>
  readonly hot?: HotStore
  /** Nothing is fetched ahead, and hardly anything kept. */
  readonly cold?: boolean
  readonly io?: Partial<EvalIOOptions>
}

export function hotStore(stores: Stores, options: Partial<HotStoreOptions> = {}): HotStore {
  return new HotStore(stores, { storeDir, now: () => clock, ...options })
}

/** A host over stores. */
export function hostOf({ stores = memoryStores(), files = {}, trees = {}, hot, cold, io = {} }: Setup): EvalIO {
  const mounts = new Mounts(storeDir)
  for (const [path, file] of Object.entries(files)) mounts.file(path, file)
  for (const [path, tree] of Object.entries(trees)) mounts.tree(path, tree)
  const store = hot ?? hotStore(stores, cold === true ? { directoryBytes: 1, textBytes: 1, queueBytes: 0 } : {})
  return new EvalIO(store, { mounts, cwd: "/pwd", ...(cold === true ? { window: noWindow } : {}), ...io })
}

/** What came out: the printed value, or the message of the error, and what was printed on the way. */
export interface Outcome {
  readonly value?: string
  readonly error?: string
  readonly lines: readonly string[]
}

/** Evaluates deeply; waits for the host as often as it has to. */
export async function evaluateOn(host: EvalIO, text: string, settings: Partial<Settings> = {}): Promise<Outcome> {
  const evaluator = new Evaluator(host, settings)
  let cell: Cell | undefined
  try {
    const value = await evaluator.settle(() => {
      cell ??= evaluator.cell(evaluator.load(text, { kind: "string" }, "/pwd"))
      forceDeep(evaluator.rt, cell)
      return printAmbiguous(evaluator.rt, cell)
    })
    return { value, lines: host.lines }
  } catch (e) {
    if (!(e instanceof NixError)) throw e
    return { error: e.message, lines: host.lines }
  }
}

/**
 * Evaluates by closures and by the stepper, with everything fetched ahead and with nothing; all have to agree. The stores are the
 * same for all, so what one has written another finds.
 */
export async function evaluate(text: string, setup: Setup = {}): Promise<Outcome> {
  const stores = setup.stores ?? memoryStores()
  let first: Outcome | undefined
  for (const run of ["closures", "stepper"] as const) {
    for (const cold of [false, true]) {
      const host = hostOf({ ...setup, stores, cold })
      const outcome = await evaluateOn(host, text, { ...setup.settings, run })
      await host.hot.queue.flush()
      if (first === undefined) first = outcome
      else if (JSON.stringify(outcome) !== JSON.stringify(first))
        throw new Error(`by ${run}, ${cold ? "cold" : "hot"}: ${JSON.stringify(outcome)} instead of ${JSON.stringify(first)}`)
    }
  }
  return first as Outcome
}
