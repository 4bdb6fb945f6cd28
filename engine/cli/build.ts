// `thunkpad build --endpoint URL [FLAGS] DRV[^OUTPUT,…]… | --expr EXPR`: builds derivations of a store in a folder at an endpoint; the
// outputs are brought into the folder, with all they refer to, and their paths printed. C++ Nix: src/nix/build.cc, nix-store --realise

import * as fs from "node:fs"
import type { BuildNews } from "../build/build-news.ts"
import type { WantedOutputs } from "../build/build-plan.ts"
import { SiteEndpoint } from "../build/derivation-build.ts"
import { Endpoint } from "../build/endpoint.ts"
import { endpointTransport } from "../build/endpoint-transport.ts"
import { failureText } from "../build/eval-builder.ts"
import { LogLines } from "../build/log-lines.ts"
import { type BuildOutcome, BuildScheduler } from "../build/scheduler.ts"
import { MemoryDirectoryStore } from "../castore/memory-directory-store.ts"
import { renderNar } from "../castore/render-nar.ts"
import { Attrs } from "../eval/attrs.ts"
import { reading } from "../eval/format-fault.ts"
import { findPackages } from "../eval/package-info.ts"
import { outputPath } from "../formats/derivation/derivation.ts"
import { isDerivationPath, parseStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { FolderBlobStore } from "../gateway/folder-blob-store.ts"
import { dependenciesFirst } from "../store/dependency-order.ts"
import { MemoryPathInfoStore } from "../store/memory-path-info-store.ts"
import { Store } from "../store/store.ts"
import { Substituter } from "../store/substitute.ts"
import { type Arguments, readArguments } from "./command.ts"
import { raw } from "./host.ts"
import { bytes, type Session } from "./session.ts"
import type { StoreFolder } from "./store-folder.ts"
import { StoreObjects } from "./store-objects.ts"
import { cachesOf } from "./store-substitute.ts"
import { UsageError } from "./usage-error.ts"

const flags = {
  switches: [["-k", "--keep-going"], "--no-check-sigs"],
  values: ["--endpoint", "--token-file", "--expr", ["-j", "--max-jobs"], "--from", "--trusted-public-keys"],
} as const

/** Runs the command. */
export async function build(argv: readonly string[], session: Session): Promise<number> {
  const given = readArguments(argv, session, flags)
  const url = given.get("--endpoint")
  if (url === undefined) throw new UsageError("'--endpoint URL' is wanted: where is built")
  const folder = session.requireStore()
  const wanted = await wantedOf(given, session, folder)
  if (wanted.length === 0) throw new UsageError("at least one derivation is wanted")
  const scratch = `${folder.root}/nix/var/thunkpad/build-${process.pid}`
  try {
    fs.mkdirSync(raw(scratch), { recursive: true })
    return await buildIn(scratch, wanted, { given, session, folder, url })
  } finally {
    fs.rmSync(raw(scratch), { recursive: true, force: true })
  }
}

interface Call {
  readonly given: Arguments
  readonly session: Session
  readonly folder: StoreFolder
  readonly url: string
}

async function buildIn(scratch: string, wanted: readonly WantedOutputs[], { given, session, folder, url }: Call): Promise<number> {
  const blobs = new FolderBlobStore(Buffer.from(scratch, "latin1").toString("utf8"))
  const stores = { blobs, directories: new MemoryDirectoryStore(), infos: new MemoryPathInfoStore() }
  const store = new Store(stores, { storeDir: folder.storeDir })
  const objects = new StoreObjects(folder)
  await bring(folder, objects, store, wanted)
  const tokenFile = given.get("--token-file")
  const token = tokenFile === undefined ? undefined : fs.readFileSync(raw(tokenFile), "utf8").trim()
  const endpoint = new Endpoint(endpointTransport({ url, token }, (input, init) => fetch(input, init)))
  const jobs = Number(given.get("--max-jobs") ?? 4)
  if (!(jobs >= 1)) throw new UsageError("'--max-jobs' takes a positive number")
  const scheduler = new BuildScheduler({
    store,
    endpoint: new SiteEndpoint(endpoint),
    substituter: given.get("--from") === undefined ? undefined : new Substituter(store, cachesOf(given, folder.storeDir)),
    jobs,
    onNews: teller(session),
  })
  const outcome = await scheduler.build(wanted, { keepGoing: given.has("--keep-going") })
  await keep(outcome, store, objects)
  for (const infos of outcome.outputs.values()) for (const { path } of infos.values()) session.out(`${folder.print(path)}\n`)
  for (const { drvPath } of wanted)
    if (outcome.failures.has(drvPath)) session.err(bytes(`error: ${failureText(store, drvPath, outcome.failures)}`))
  return outcome.failures.size === 0 ? 0 : 1
}

async function wantedOf(given: Arguments, session: Session, folder: StoreFolder): Promise<WantedOutputs[]> {
  const wanted = given.positional.map((text) => {
    const [path, outputs] = text.split("^", 2) as [string, string?]
    const drvPath = reading(() => parseStorePath(path, folder.storeDir))
    if (!isDerivationPath(drvPath)) throw new UsageError(`'${path}' is no derivation`)
    return { drvPath, outputs: outputs === undefined || outputs === "*" ? ("all" as const) : outputs.split(",") }
  })
  const expr = given.get("--expr")
  if (expr === undefined) return wanted
  const evaluator = session.evaluator("read-write")
  const { rt } = evaluator
  const root = evaluator.cell(evaluator.load(expr, { kind: "string" }, session.cwd))
  const found = await evaluator.settle(() =>
    findPackages(rt, root, Attrs.ofMap(new Map(), null)).map((info) => ({ drvPath: info.drvPath(rt), output: info.outputName(rt) })),
  )
  folder.flush()
  return [
    ...wanted,
    ...found.map(({ drvPath, output }) => ({
      drvPath: reading(() => parseStorePath(drvPath, folder.storeDir)),
      outputs: output === "" ? ("all" as const) : [output],
    })),
  ]
}

/** Brings the derivations, with what they need and what is built already, from the folder into the store. */
async function bring(folder: StoreFolder, objects: StoreObjects, store: Store, wanted: readonly WantedOutputs[]): Promise<void> {
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
  const closure = folder.closure([...drvs, ...built])
  const infos = dependenciesFirst([...closure].map((path) => folder.info(path)))
  for (const info of infos) await store.addNar(info, objects.nar(info.path))
}

/** Puts what was built, and what it refers to, into the folder. */
async function keep({ outputs }: BuildOutcome, store: Store, objects: StoreObjects): Promise<void> {
  const roots = [...outputs.values()].flatMap((infos) => [...infos.values()].map(({ path }) => path))
  const infos = dependenciesFirst((await store.closure(roots)).values())
  for (const info of infos) await objects.addNar(info, renderNar(store.stores, info.node))
}

/** Tells of builds as nix-store does; lines of logs have the name of their derivation before them. */
function teller(session: Session): (news: BuildNews) => void {
  const logs = new Map<string, LogLines>()
  const nameOf = (drvPath: string): string => drvPath.replace(/^.*\/[a-z0-9]{32}-/, "").replace(/\.drv$/, "")
  const say = (drvPath: string, lines: readonly string[]): void => {
    for (const line of lines) session.err(`${nameOf(drvPath)}> ${bytes(line)}`)
  }
  return (news) => {
    if (news.kind === "started")
      session.err(`building '${news.drvPath}' on '${bytes(news.machine === "" ? news.executor : news.machine)}'...`)
    if (news.kind === "retry") session.err(`trying '${news.drvPath}' again: ${bytes(news.reason)}`)
    if (news.kind === "warning") session.err(`warning: ${bytes(news.message)}`)
    if (news.kind === "log") {
      const lines = logs.get(news.drvPath) ?? new LogLines()
      logs.set(news.drvPath, lines)
      say(news.drvPath, lines.push(news.bytes))
    }
    if (news.kind === "done" || news.kind === "failed") say(news.drvPath, logs.get(news.drvPath)?.end() ?? [])
  }
}
