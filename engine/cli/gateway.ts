// `thunkpad gateway`: the remote endpoint, until it is told to stop.

import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { isIP } from "node:net"
import { availableParallelism, tmpdir } from "node:os"
import { createGrpcTransport } from "@connectrpc/connect-node"
import { MemoryBlobStore } from "../castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../castore/memory-directory-store.ts"
import { FormatError } from "../formats/error.ts"
import { parseSecretKey, printKey, publicKeyOf, type SecretKey, secretKeyFromSeed } from "../formats/narinfo/signature.ts"
import { printStorePath } from "../formats/store-path/store-path.ts"
import type { AccessRules } from "../gateway/access.ts"
import { Accounts } from "../gateway/account.ts"
import { BubblewrapExecutor, nativeSystems } from "../gateway/build/bubblewrap.ts"
import { Builds, defaultBuildsPolicy } from "../gateway/build/builds.ts"
import { BuiltinExecutor } from "../gateway/build/builtin.ts"
import type { DaemonPlace } from "../gateway/build/daemon-connection.ts"
import { type BuildLimits, defaultBuildLimits, type Executor } from "../gateway/build/executor.ts"
import { lockJournal, unlockJournal } from "../gateway/build/journal-lock.ts"
import { NixDaemonExecutor, type NixDaemonOptions } from "../gateway/build/nix-daemon.ts"
import { installPackages, thisMachine } from "../gateway/build/sandbox-tools.ts"
import { SnixEndpointExecutor, type SnixEndpointOptions } from "../gateway/build/snix-endpoint.ts"
import { Collector } from "../gateway/collector.ts"
import { FolderBlobStore } from "../gateway/folder-blob-store.ts"
import { FolderDirectoryStore } from "../gateway/folder-directory-store.ts"
import { FolderPathInfoStore } from "../gateway/folder-path-info-store.ts"
import { Gateway, type ListenAddress } from "../gateway/gateway.ts"
import { defaultFetchHosts, defaultFetchRules, type FetchRules } from "../gateway/guarded-fetch.ts"
import { FolderPackedArchives, MemoryPackedArchives } from "../gateway/packed-archives.ts"
import { MemoryPathInfoStore } from "../store/memory-path-info-store.ts"
import type { Stores } from "../store/stores.ts"
import { bytes } from "./host.ts"
import type { Session } from "./session.ts"
import { parseTokens, quotaFlags, quotaOf } from "./token-file.ts"
import { UsageError } from "./usage-error.ts"

const defaultListen = "127.0.0.1:8484"

const usage = `Usage: thunkpad gateway [OPTIONS]

Serves a store to browsers, to Nix and to gRPC clients, over HTTP/1.1 and HTTP/2 on one port:
Connect, gRPC-web and gRPC (snix.castore.v1, snix.store.v1 and the tvix names, thunkpad.gateway.v1, health, reflection),
a Nix binary cache (/nix-cache-info …; 'nix copy --to URL' and from it), castore by digest (/castore/blobs/HEX,
/castore/directories/HEX), a fetch proxy (/fetch?url=URL) and what the asker has used (/status). Prints its URL and the public key of its signatures.

  --listen ADDRESS:PORT   where to listen (${defaultListen}); other addresses than this machine's own need a token
  --store FOLDER          keep everything in this folder; without it, in memory until the end
  --store-megabytes N     keep the store under this size: what nobody has asked for the longest is removed (looked at every ten
                          minutes; what was used within an hour stays); unbounded by default
  --collect               only that, at once: prints what was removed, and ends (no gateway may use the folder)
  --origin ORIGIN         let pages of this origin ask (https://pad.example); may be repeated
  --host NAME             answer under this name, too; may be repeated
  --token-file FILE       require one of the tokens in this file, one a line ('#' begins a comment); after a token may stand
                          name=NAME (tokens of one name share an account) builds=N waiting=N megabytes-per-day=N megabytes=N
  --quota-builds N, --quota-waiting N, --quota-megabytes-per-day N, --quota-megabytes N
                          for tokens that say nothing else, and without tokens for all together: builds at once (more wait) and
                          waiting, uploaded and built on a day (of UTC) and in all; unbounded by default
  --key-file FILE         sign with this key of 'nix-store --generate-binary-cache-key'; by default FOLDER/signing-key, made if absent
  --priority N            of the binary cache; lower ones are asked first (39)
  --read-only             take nothing
  --fetch-host HOST       let the proxy fetch from this host, too ('*.example.org': all below, '*': all); may be repeated
  --fetch-private H:P     let the proxy fetch from this server although its address is private; may be repeated
  --no-fetch              no proxy
  --jobs N                builds at once (one for each processor); 0: nothing is built here
  --build-folder FOLDER   for builds under way and their journal; by default FOLDER/build of --store, else one that goes at the end
  --build-queue SECONDS   how long a build waits for its turn, at most (86400)
  --build-timeout SECONDS, --build-silence SECONDS, --build-memory MEGABYTES, --build-disk MEGABYTES, --build-log MEGABYTES
                          what a build must not exceed
  --nix-daemon SOCKET     let a Nix daemon build, which has to trust this user ('auto': the system's own)
  --nix-daemon-store STORE  the same by 'nix-daemon --stdio --store STORE'
  --nix-daemon-systems LIST, --nix-daemon-features LIST, --nix-daemon-jobs N
                          what it builds: systems (this machine's), features (none), builds at once (8); lists have commas
  --build-server URL      let a server of snix.build.v1 build (gRPC)
  --build-server-systems LIST, --build-server-features LIST, --build-server-jobs N
                          what it builds, likewise

Other builds run in sandboxes on this machine: they need Linux, bubblewrap and a static busybox (apt-get install bubblewrap busybox-static).
  --install-tools         as root on Debian, install what of these is missing

The proxy fetches from ${defaultFetchHosts.slice(0, 4).join(", ")} and other usual places.
`

/** The flags with a value, and those without. */
const valued = ["listen", "store", "store-megabytes", "origin", "host", "token-file", "key-file", "priority", "fetch-host", "fetch-private"]
const buildFlags = ["jobs", "build-folder", "build-queue", "build-timeout", "build-silence", "build-memory", "build-disk", "build-log"]
const daemonFlags = ["nix-daemon", "nix-daemon-store", "nix-daemon-systems", "nix-daemon-features", "nix-daemon-jobs"]
const serverFlags = ["build-server", "build-server-systems", "build-server-features", "build-server-jobs"]
const allValued = [...valued, ...quotaFlags, ...buildFlags, ...daemonFlags, ...serverFlags]
const switches = ["collect", "read-only", "no-fetch", "install-tools", "help"]

type Flags = ReadonlyMap<string, readonly string[]>

function readFlags(argv: readonly string[]): Flags {
  const flags = new Map<string, string[]>()
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i]!
    const name = arg.replace(/^--/, "")
    const isFlag = arg.startsWith("--")
    if (isFlag && switches.includes(name)) flags.set(name, [""])
    else if (isFlag && allValued.includes(name)) {
      const value = argv[++i]
      if (value === undefined) throw new UsageError(`flag '${arg}' requires 1 argument(s), but only 0 were given`)
      flags.set(name, [...(flags.get(name) ?? []), value])
    } else throw new UsageError(isFlag ? `unrecognised flag '${arg}'` : "'thunkpad gateway' takes no arguments but flags")
  }
  return flags
}

/** The last value of a flag. */
function last(flags: Flags, name: string): string | undefined {
  return flags.get(name)?.at(-1)
}

function parseListen(text: string): ListenAddress {
  const found = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const host = found?.[1] ?? found?.[2] ?? ""
  const port = Number(found?.[3] ?? Number.NaN)
  if (!(port <= 65_535) || (host !== "localhost" && isIP(host) === 0))
    throw new UsageError(`'${text}' is not an address and a port, as ${defaultListen}`)
  return { host, port }
}

function readFile(path: string): string {
  try {
    return fs.readFileSync(path, "utf8")
  } catch (error) {
    throw new UsageError(`cannot read '${path}': ${messageOf(error)}`)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function accessOf(flags: Flags): AccessRules {
  const file = last(flags, "token-file")
  const tokens = file === undefined ? [] : parseTokens(readFile(file), file)
  // An empty file must not mean that everybody may ask.
  if (file !== undefined && tokens.length === 0) throw new UsageError(`there is no token in '${file}'`)
  return { origins: flags.get("origin") ?? [], hosts: flags.get("host") ?? [], tokens }
}

/** Whose the tokens are. */
function accountsOf({ tokens }: AccessRules, flags: Flags, onFault: (error: unknown) => void): Accounts {
  const store = last(flags, "store")
  const quota = quotaOf((name) => last(flags, name))
  try {
    return new Accounts({ tokens, quota, onFault, ...(store === undefined ? {} : { file: `${store}/usage.json` }) })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
}

function fetchOf(flags: Flags): FetchRules | undefined {
  if (flags.has("no-fetch")) return undefined
  return {
    ...defaultFetchRules,
    hosts: [...defaultFetchHosts, ...(flags.get("fetch-host") ?? [])],
    privateServers: flags.get("fetch-private") ?? [],
  }
}

function storesOf(folder: string | undefined): Stores {
  if (folder === undefined) {
    return { blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore(), infos: new MemoryPathInfoStore() }
  }
  return {
    blobs: new FolderBlobStore(folder, { noted: true }),
    directories: new FolderDirectoryStore(folder, { noted: true }),
    infos: new FolderPathInfoStore(`${folder}/infos`, { noted: true }),
  }
}

/** The key of the file that is named, or the one of the folder, which is made if it is not there. */
function keyOf(flags: Flags): SecretKey {
  const named = last(flags, "key-file")
  const folder = last(flags, "store")
  const file = named ?? (folder === undefined ? undefined : `${folder}/signing-key`)
  try {
    if (file !== undefined && (named !== undefined || fs.existsSync(file))) return parseSecretKey(readFile(file).trim())
  } catch (error) {
    if (error instanceof FormatError) throw new UsageError(`'${file}': ${error.message}`)
    throw error
  }
  const key = secretKeyFromSeed("thunkpad-gateway-1", randomBytes(32))
  if (file !== undefined && folder !== undefined) {
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(file, `${printKey(key)}\n`, { mode: 0o600, flag: "wx" })
  }
  return key
}

/** A flag's number, times `unit`; `otherwise` without it. */
function numberOf(flags: Flags, name: string, unit: number, otherwise: number): number {
  const text = last(flags, name)
  if (text === undefined) return otherwise
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number * unit)) throw new UsageError(`'--${name}' takes a number`)
  return number * unit
}

/** The Nix daemon that is to build, if one is. */
function daemonOf(flags: Flags): Omit<NixDaemonOptions, "stores" | "limits"> | undefined {
  const [socket, store] = [last(flags, "nix-daemon"), last(flags, "nix-daemon-store")]
  if (socket === undefined && store === undefined) return undefined
  if (socket !== undefined && store !== undefined)
    throw new UsageError("'--nix-daemon' and '--nix-daemon-store' are two ways to one daemon")
  const place: DaemonPlace =
    store === undefined
      ? { kind: "socket", path: socket === "auto" ? "/nix/var/nix/daemon-socket/socket" : socket! }
      : { kind: "program", argv: ["nix-daemon", "--stdio", "--store", store] }
  return { place, ...abilitiesOf(flags, "nix-daemon") }
}

/** The server of snix.build.v1 that is to build, if one is. */
function serverOf(flags: Flags): Omit<SnixEndpointOptions, "stores" | "limits"> | undefined {
  const url = last(flags, "build-server")
  if (url === undefined) return undefined
  if (!/^https?:\/\/[^/]+\/?$/.test(url)) throw new UsageError(`'${url}' is not the URL of a server`)
  return { transport: createGrpcTransport({ baseUrl: url }), ...abilitiesOf(flags, "build-server") }
}

/** What an executor elsewhere can build, by the flags that begin with its name. */
function abilitiesOf(flags: Flags, name: string): Pick<NixDaemonOptions, "systems" | "features" | "jobs"> {
  const list = (what: string): string[] | undefined =>
    last(flags, `${name}-${what}`)
      ?.split(",")
      .filter((part) => part !== "")
  return { systems: list("systems") ?? nativeSystems(), features: list("features") ?? [], jobs: numberOf(flags, `${name}-jobs`, 1, 8) }
}

interface Surroundings {
  readonly stores: Stores
  readonly accounts: Accounts
  readonly fetch: FetchRules | undefined
  readonly onFault: (error: unknown) => void
}

/** The builds of this machine, and what removes their folder; undefined if there are to be none. */
function buildsOf(flags: Flags, { stores, accounts, fetch, onFault }: Surroundings): { builds: Builds; tidy: () => void } | undefined {
  const jobs = numberOf(flags, "jobs", 1, availableParallelism())
  const limits: BuildLimits = {
    ...defaultBuildLimits,
    time: numberOf(flags, "build-timeout", 1000, defaultBuildLimits.time),
    silence: numberOf(flags, "build-silence", 1000, defaultBuildLimits.silence),
    memoryBytes: numberOf(flags, "build-memory", 1 << 20, defaultBuildLimits.memoryBytes),
    outputBytes: numberOf(flags, "build-disk", 1 << 20, defaultBuildLimits.outputBytes),
    logBytes: numberOf(flags, "build-log", 1 << 20, defaultBuildLimits.logBytes),
  }
  const daemon = daemonOf(flags)
  const server = serverOf(flags)
  if (jobs === 0 && daemon === undefined && server === undefined) return undefined
  const store = last(flags, "store")
  const named = last(flags, "build-folder") ?? (store === undefined ? undefined : `${store}/build`)
  const folder = named ?? fs.mkdtempSync(`${tmpdir()}/thunkpad-build-`)
  fs.mkdirSync(folder, { recursive: true })
  // Sandboxes bind by absolute paths.
  const absolute = fs.realpathSync(folder)
  const executors: Executor[] = daemon === undefined ? [] : [new NixDaemonExecutor({ stores, limits, ...daemon })]
  if (server !== undefined) executors.push(new SnixEndpointExecutor({ stores, limits, ...server }))
  if (jobs > 0 && flags.has("install-tools")) installPackages(thisMachine())
  if (jobs > 0) executors.push(new BubblewrapExecutor({ stores, folder: `${absolute}/sandbox`, limits, jobs }))
  executors.push(new BuiltinExecutor(stores, fetch, limits))
  const policy = { longestWait: numberOf(flags, "build-queue", 1000, defaultBuildsPolicy.longestWait) }
  const builds = new Builds({ stores, folder: `${absolute}/journal`, executors, accounts, policy, onFault })
  return { builds, tidy: () => named === undefined && fs.rmSync(folder, { recursive: true, force: true }) }
}

/** Milliseconds between two looks at the size of the store. */
const betweenCollections = 10 * 60_000

/** Keeps the store under its limit, if it has one, from now on; gives what ends that. */
async function keepSmall(flags: Flags, builds: Builds | undefined, onFault: (error: unknown) => void): Promise<() => void> {
  const [folder, limit] = [last(flags, "store"), numberOf(flags, "store-megabytes", 1 << 20, 0)]
  if (limit === 0) return () => {}
  if (folder === undefined) throw new UsageError("'--store-megabytes' needs '--store'")
  const collector = new Collector({ folder, limit, needed: () => builds?.neededTrees() ?? [] })
  const collect = async (): Promise<void> => {
    try {
      const done = await collector.collect()
      if (done === undefined) return
      await builds?.tidy()
      if (done.after > limit) onFault(new Error(`the store has ${done.after} bytes, and all of it was used within the last hour`))
    } catch (error) {
      onFault(error)
    }
  }
  await collect()
  let running = Promise.resolve()
  const timer = setInterval(() => {
    running = running.then(collect)
  }, betweenCollections).unref()
  return () => clearInterval(timer)
}

/** Removes what is too much, once. */
async function collectOnce(flags: Flags, session: Session): Promise<number> {
  const [folder, limit] = [last(flags, "store"), last(flags, "store-megabytes")]
  if (folder === undefined || limit === undefined) throw new UsageError("'--collect' needs '--store' and '--store-megabytes'")
  const journal = `${last(flags, "build-folder") ?? `${folder}/build`}/journal`
  try {
    lockJournal(journal)
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
  try {
    // Nobody is in the middle of anything.
    const done = await new Collector({ folder, limit: numberOf(flags, "store-megabytes", 1 << 20, 0), spare: 0 }).collect()
    for (const path of done?.removed ?? []) session.out(`${printStorePath(path)}\n`)
    const freed = done === undefined ? 0 : done.before - done.after
    session.err(bytes(`${done?.removed.length ?? 0} store paths deleted, ${freed} bytes freed`))
    return 0
  } finally {
    unlockJournal(journal)
  }
}

/** Ends when the process is asked to. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve())
  })
}

/** Runs a gateway until `ended`, by default until the process is asked to end; gives the exit status. */
export async function gateway(argv: readonly string[], session: Session, ended: () => Promise<void> = asked): Promise<number> {
  const flags = readFlags(argv)
  if (flags.has("help")) {
    session.out(usage)
    return 0
  }
  if (flags.has("collect")) return collectOnce(flags, session)
  const priority = numberOf(flags, "priority", 1, 39)
  const listen = parseListen(last(flags, "listen") ?? defaultListen)
  const access = accessOf(flags)
  const signingKey = keyOf(flags)
  const fetch = fetchOf(flags)
  const onFault = (error: unknown): void =>
    session.err(bytes(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`))
  const store = last(flags, "store")
  const stores = storesOf(store)
  const accounts = accountsOf(access, flags, onFault)
  const building = buildsOf(flags, { stores, accounts, fetch, onFault })
  try {
    const running = new Gateway({
      stores,
      archives: store === undefined ? new MemoryPackedArchives() : new FolderPackedArchives(`${store}/archives`),
      access,
      accounts,
      signingKey,
      priority,
      writable: !flags.has("read-only"),
      ...(fetch === undefined ? {} : { fetch }),
      ...(building === undefined ? {} : { builds: building.builds }),
      onFault,
    })
    await building?.builds.open()
    const stopCollecting = await keepSmall(flags, building?.builds, onFault)
    for (const { executor, unavailable } of building?.builds.describe() ?? []) {
      if (unavailable !== "") session.err(bytes(`warning: builds by ${executor.name} are not possible: ${unavailable}`))
    }
    session.out(`${await running.listen(listen)}\n${printKey(publicKeyOf(signingKey))}\n`)
    await ended()
    stopCollecting()
    await running.close()
    return 0
  } catch (error) {
    // Rules that the gateway refuses, and addresses that the system does.
    if (error instanceof RangeError) throw new UsageError(error.message)
    if (error instanceof Error && "syscall" in error)
      throw new UsageError(`cannot listen on ${listen.host}:${listen.port}: ${error.message}`)
    throw error
  } finally {
    await building?.builds.close()
    building?.tidy()
  }
}
