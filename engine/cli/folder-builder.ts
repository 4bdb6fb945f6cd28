// Builds what a store in a folder has derivations of, at an endpoint. What is needed goes into a castore beside the store, outputs come
// into the folder with all they refer to, and what builders write is kept where Nix keeps it: nix/var/log/nix/drvs.
// C++ Nix: src/nix/build.cc, libstore/log-store.cc

import * as fs from "node:fs"
import type { BuildNews } from "../build/build-news.ts"
import type { BuildSubstituter, WantedOutputs } from "../build/build-plan.ts"
import { SiteEndpoint } from "../build/derivation-build.ts"
import { Endpoint } from "../build/endpoint.ts"
import { endpointTransport } from "../build/endpoint-transport.ts"
import { failureText } from "../build/eval-builder.ts"
import { LogLines } from "../build/log-lines.ts"
import { type BuildOutcome, BuildScheduler } from "../build/scheduler.ts"
import { StoreError } from "../castore/error.ts"
import { MemoryDirectoryStore } from "../castore/memory-directory-store.ts"
import { renderNar } from "../castore/render-nar.ts"
import { NixError } from "../eval/error.ts"
import { reading } from "../eval/format-fault.ts"
import type { OutputRequest } from "../eval/host.ts"
import { outputPath } from "../formats/derivation/derivation.ts"
import { FormatError } from "../formats/error.ts"
import { isDerivationPath, parseStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { FolderBlobStore } from "../gateway/folder-blob-store.ts"
import { dependenciesFirst } from "../store/dependency-order.ts"
import { MemoryPathInfoStore } from "../store/memory-path-info-store.ts"
import { Store } from "../store/store.ts"
import { BuildLogs } from "./build-logs.ts"
import type { BuildingOptions } from "./building.ts"
import { bytes, raw } from "./host.ts"
import type { StoreFolder } from "./store-folder.ts"
import { StoreObjects } from "./store-objects.ts"
import { attempt } from "./tree-writer.ts"

export interface FolderBuilderOptions extends BuildingOptions {
  /** What is asked before anything is built. */
  readonly substituter?: (store: Store) => BuildSubstituter
}

export class FolderBuilder {
  /** What is needed for builds, as far as it was brought here, and what was built. */
  readonly store: Store
  readonly #folder: StoreFolder
  readonly #objects: StoreObjects
  readonly #scheduler: BuildScheduler
  readonly #scratch: string
  /** Objects of the folder that are in `store`. */
  readonly #brought = new Set<StorePath>()
  /** What was built and is not in the folder yet. */
  readonly #built = new Set<StorePath>()
  /** One after the other: both folder and store are written step by step. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(folder: StoreFolder, { url, tokenFile, jobs, err, substituter }: FolderBuilderOptions) {
    this.#folder = folder
    this.#objects = new StoreObjects(folder)
    const parent = `${folder.root}/nix/var/thunkpad`
    this.#scratch = attempt(`creating directory '${parent}'`, () =>
      fs.mkdtempSync(Buffer.from(`${parent}/build-`, "latin1").toString("utf8")),
    )
    const stores = {
      blobs: new FolderBlobStore(this.#scratch),
      directories: new MemoryDirectoryStore(),
      infos: new MemoryPathInfoStore(),
    }
    this.store = new Store(stores, { storeDir: folder.storeDir })
    const token =
      tokenFile === undefined ? undefined : attempt(`reading '${tokenFile}'`, () => fs.readFileSync(raw(tokenFile), "utf8").trim())
    const endpoint = new Endpoint(endpointTransport({ url, token }, (input, init) => fetch(input, init)))
    const tell = teller(err)
    const logs = new BuildLogs(folder)
    this.#scheduler = new BuildScheduler({
      store: this.store,
      endpoint: new SiteEndpoint(endpoint),
      substituter: substituter?.(this.store),
      jobs,
      onNews: (news) => {
        if (news.kind === "done") for (const path of Object.values(news.outputs)) this.#built.add(this.store.parse(path))
        logs.take(news)
        tell(news)
      },
    })
  }

  /** Builds; what was built is in the folder afterwards, also if something failed. Throws as the scheduler, NixError. */
  async build(wanted: readonly WantedOutputs[], options: { readonly keepGoing?: boolean } = {}): Promise<BuildOutcome> {
    await this.#alone(() => this.#bring(wanted))
    const outcome = await this.#scheduler.build(wanted, options)
    await this.#alone(() => this.#keep())
    return outcome
  }

  /** As Host.realise; rejects with NixError. */
  async realise(outputs: readonly OutputRequest[]): Promise<readonly string[]> {
    const { storeDir } = this.#folder
    try {
      const wanted = outputs.map(({ drvPath, output }) => ({
        drvPath: reading(() => parseStorePath(drvPath, storeDir)),
        outputs: [output],
      }))
      const outcome = await this.build(wanted)
      return wanted.map(({ drvPath, outputs: [name] }) => {
        const info = outcome.outputs.get(drvPath)?.get(name as string)
        if (info === undefined) throw new NixError("error", bytes(failureText(this.store, drvPath, outcome.failures)), 0)
        return this.#folder.print(info.path)
      })
    } catch (e) {
      throw e instanceof StoreError || e instanceof FormatError ? new NixError("error", bytes(e.message), 0) : e
    }
  }

  /** Removes what was only needed for building. */
  close(): void {
    fs.rmSync(this.#scratch, { recursive: true, force: true })
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Brings the derivations, with what they need and what is built already, from the folder into the store. */
  async #bring(wanted: readonly WantedOutputs[]): Promise<void> {
    const folder = this.#folder
    const drvs = folder.closure(wanted.map(({ drvPath }) => drvPath))
    const built: StorePath[] = []
    for (const path of drvs) {
      if (!isDerivationPath(path)) continue
      const drv = folder.derivation(path)
      for (const [name, output] of drv.outputs) {
        const out = outputPath(output, drv.name, name, folder.storeDir)
        if (out !== undefined && folder.has(out)) built.push(out)
      }
    }
    const absent = [...folder.closure([...drvs, ...built])].filter((path) => !this.#brought.has(path))
    for (const info of dependenciesFirst(absent.map((path) => folder.info(path)))) {
      await this.store.addNar(info, this.#objects.nar(info.path))
      this.#brought.add(info.path)
    }
  }

  /** Puts what was built, and what it refers to, into the folder. */
  async #keep(): Promise<void> {
    const built = [...this.#built]
    this.#built.clear()
    const infos = dependenciesFirst((await this.store.closure(built)).values())
    for (const info of infos) {
      if (!this.#brought.has(info.path)) await this.#objects.addNar(info, renderNar(this.store.stores, info.node))
      this.#brought.add(info.path)
    }
    this.#folder.flush()
  }
}

/** Tells of builds as nix-store does; lines of logs have the name of their derivation before them. */
function teller(err: (line: string) => void): (news: BuildNews) => void {
  const logs = new Map<string, LogLines>()
  const nameOf = (drvPath: string): string => drvPath.replace(/^.*\/[a-z0-9]{32}-/, "").replace(/\.drv$/, "")
  const say = (drvPath: string, lines: readonly string[]): void => {
    for (const line of lines) err(`${nameOf(drvPath)}> ${bytes(line)}`)
  }
  return (news) => {
    if (news.kind === "started") err(`building '${news.drvPath}' on '${bytes(news.machine === "" ? news.executor : news.machine)}'...`)
    if (news.kind === "retry") err(`trying '${news.drvPath}' again: ${bytes(news.reason)}`)
    if (news.kind === "warning") err(`warning: ${bytes(news.message)}`)
    if (news.kind === "log") {
      const lines = logs.get(news.drvPath) ?? new LogLines()
      logs.set(news.drvPath, lines)
      say(news.drvPath, lines.push(news.bytes))
    }
    if (news.kind === "done" || news.kind === "failed") {
      say(news.drvPath, logs.get(news.drvPath)?.end() ?? [])
      logs.delete(news.drvPath)
    }
  }
}
