// A gateway that builds with bubblewrap, over the wire, and derivations for it: made by our own evaluator from busybox.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { createConnectTransport } from "@connectrpc/connect-web"
import type { BuildNews } from "../../engine/build/build-news.ts"
import { SiteEndpoint } from "../../engine/build/derivation-build.ts"
import { Endpoint, type EndpointOptions } from "../../engine/build/endpoint.ts"
import { BuildScheduler } from "../../engine/build/scheduler.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { BubblewrapExecutor } from "../../engine/gateway/build/bubblewrap.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import { defaultBuildLimits } from "../../engine/gateway/build/executor.ts"
import { Gateway } from "../../engine/gateway/gateway.ts"
import { BinaryCache } from "../../engine/store/binary-cache.ts"
import type { EvalIOOptions } from "../../engine/store/eval-io.ts"
import type { MountedFile } from "../../engine/store/mount.ts"
import { Store } from "../../engine/store/store.ts"
import type { Stores } from "../../engine/store/stores.ts"
import { Substituter } from "../../engine/store/substitute.ts"
import { hostOf, memoryStores } from "../store/eval-io-run.ts"

/** Why builds cannot be tested here, if they cannot. */
export const missing =
  spawnSync("bwrap", ["--version"]).status !== 0 || !fs.existsSync("/bin/busybox") ? "bubblewrap or busybox-static is missing" : undefined

const applets = "sh sed cat cp ls ln rm mkdir chmod sort echo sleep date true".split(" ")

/** The tools that builders use, as files of an evaluation: /tools. */
export function toolFiles(): Record<string, MountedFile> {
  const files: Record<string, MountedFile> = {
    "/tools/busybox": { text: fs.readFileSync("/bin/busybox", "latin1"), executable: true },
  }
  for (const name of applets) files[`/tools/${name}`] = { symlink: "busybox" }
  return files
}

/** What expressions begin with: `sh NAME ATTRIBUTES SCRIPT`. */
export const prelude = `let
  system = "x86_64-linux";
  tools = builtins.path { path = /tools; name = "tools"; };
  sh = name: attrs: script: derivation ({ inherit name system tools; builder = "/bin/sh"; args = [ "-ec" ("PATH=\${tools}; " + script) ]; } // attrs);
in `

/** A gateway that can be stopped and started again on the same port and folder. */
export class Building {
  readonly folder: string
  readonly stores: Stores
  gateway!: Gateway
  builds!: Builds
  url = ""
  #port = 0

  constructor() {
    this.folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-building-`))
    this.stores = memoryStores()
  }

  async start(): Promise<this> {
    await initHashes()
    const { stores, folder } = this
    const executor = new BubblewrapExecutor({ stores, folder: `${folder}/sandbox`, limits: defaultBuildLimits, jobs: 4 })
    this.builds = new Builds({ stores, folder: `${folder}/journal`, executors: [executor] })
    await this.builds.open()
    this.gateway = new Gateway({ stores, builds: this.builds, access: { origins: [], hosts: [], tokens: [] } })
    this.url = await this.gateway.listen({ host: "127.0.0.1", port: this.#port })
    this.#port = Number(new URL(this.url).port)
    return this
  }

  stop(): Promise<void> {
    return this.gateway.close()
  }

  async remove(): Promise<void> {
    await this.stop()
    spawnSync("chmod", ["-R", "u+w", this.folder])
    fs.rmSync(this.folder, { recursive: true, force: true })
  }

  endpoint(options: EndpointOptions & { readonly fetch?: typeof fetch } = {}): Endpoint {
    const transport = createConnectTransport({ baseUrl: this.url, useBinaryFormat: true, ...(options.fetch && { fetch: options.fetch }) })
    return new Endpoint(transport, { retry: { attempts: 5, delay: 20, longest: 200 }, ...options })
  }
}

/** A tab's side: a store of its own, a scheduler, and what was told of builds. */
export function tabOf(endpoint: Endpoint, { jobs, caches = [] }: { readonly jobs?: number; readonly caches?: readonly string[] } = {}) {
  const stores = memoryStores()
  const store = new Store(stores, { now: () => 1_700_000_000 })
  const opened = caches.map((url) => new BinaryCache({ url, publicKeys: [], isTrusted: true }))
  const substituter = caches.length === 0 ? undefined : new Substituter(store, opened)
  const news: BuildNews[] = []
  const scheduler = new BuildScheduler({ store, endpoint: new SiteEndpoint(endpoint), onNews: (one) => news.push(one), substituter, jobs })
  const logOf = (name: string): string =>
    news.map((one) => (one.kind === "log" && one.drvPath.includes(name) ? Buffer.from(one.bytes).toString("latin1") : "")).join("")
  const kinds = (name: string): string[] =>
    news.flatMap((one) => ("drvPath" in one && one.drvPath.includes(name) ? [one.kind === "stage" ? one.stage : one.kind] : []))
  return { stores, store, substituter, news, scheduler, logOf, kinds }
}

export type Tab = ReturnType<typeof tabOf>

/** Evaluates attributes of a set of derivations; their files are in the tab's store afterwards. */
export async function instantiate(tab: Tab, set: string, names: readonly string[], io: Partial<EvalIOOptions> = {}): Promise<StorePath[]> {
  const host = hostOf({ stores: tab.stores, files: toolFiles(), io })
  const evaluator = new Evaluator(host, { features: new Set(["ca-derivations", "nix-command", "flakes"]) })
  const paths: StorePath[] = []
  for (const name of names) {
    const text = `(${prelude} ${set}).${name}.drvPath`
    const value = await evaluator.settle(() => evaluator.evaluate(`builtins.unsafeDiscardStringContext ${text}`, { kind: "string" }, "/"))
    paths.push(parseStorePath(String(value)))
  }
  await host.hot.queue.flush()
  return paths
}

/** The text of a file of an output. */
export async function textOf(tab: Tab, path: StorePath, ...names: string[]): Promise<string> {
  let { node } = await tab.store.require(path)
  for (const name of names) {
    if (node.kind !== "directory") throw new Error(`no directory above ${name}`)
    node = (await tab.stores.directories.get(node.digest))!.get(name)!
  }
  if (node.kind !== "file") throw new Error("no file")
  const [bytes] = await tab.stores.blobs.getMany([node.digest])
  return Buffer.from(bytes!).toString("latin1")
}
