// What all commands share: streams, working directory, common flags, and the evaluator made from them.

import * as fs from "node:fs"
import { Evaluator } from "../eval/evaluator.ts"
import { joinPath, parentPath } from "../eval/path.ts"
import { Building, type BuildingOptions } from "./building.ts"
import { FetchHost } from "./fetch-host.ts"
import { Fetching } from "./fetching.ts"
import { bytes, NodeHost, raw } from "./host.ts"
import { SettingsBuilder } from "./settings.ts"
import { StoreFolder } from "./store-folder.ts"
import { type StoreAccess, StoreHost } from "./store-host.ts"
import { UsageError } from "./usage-error.ts"

/** The process a command runs in; tests pass their own. Texts are byte strings. */
export interface Streams {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly color: boolean
  /** Writes to standard output (1) or error (2). */
  write(fd: 1 | 2, text: string): void
  /** All of standard input. */
  stdin(): string
}

/** The real process. */
export function processStreams(): Streams {
  return {
    cwd: bytes(process.cwd()),
    env: process.env,
    color: process.stderr.isTTY === true && process.env["NO_COLOR"] === undefined,
    write: writeAll,
    stdin: () => fs.readFileSync(0, "latin1"),
  }
}

export class Session {
  readonly settings = new SettingsBuilder()
  readonly streams: Streams
  /** What --store says, or NIX_REMOTE. */
  #storeUrl: string
  /** Where is built: what flags say, or the environment. */
  #endpoint: { url: string | undefined; tokenFile: string | undefined; jobs: number }
  /** Whether nothing is fetched: known hashes alone tell store paths. */
  #isOffline = false
  #building: Building | null | undefined
  #store: StoreFolder | null | undefined
  #files: NodeHost | undefined

  constructor(streams: Streams) {
    this.streams = streams
    this.#storeUrl = bytes(streams.env["NIX_REMOTE"] ?? "")
    const text = (name: string): string | undefined => (streams.env[name] ? bytes(streams.env[name]) : undefined)
    this.#endpoint = { url: text("THUNKPAD_ENDPOINT"), tokenFile: text("THUNKPAD_TOKEN_FILE"), jobs: 4 }
    const config = streams.env["NIX_CONFIG"]
    if (config === undefined) return
    this.settings.readConfig(bytes(config), (include, from) => {
      const path = joinPath(from.startsWith("/") ? parentPath(from) : this.cwd, include)
      return fs.existsSync(raw(path)) ? { path, text: fs.readFileSync(raw(path), "latin1") } : undefined
    })
  }

  get cwd(): string {
    return this.streams.cwd
  }

  get color(): boolean {
    return this.streams.color
  }

  /** Writes bytes to standard output. */
  out(text: string): void {
    this.streams.write(1, text)
  }

  /** Writes bytes to standard output. */
  outBytes(chunk: Uint8Array): void {
    this.streams.write(1, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1"))
  }

  /** Writes a line of bytes to standard error. */
  err(line: string): void {
    this.streams.write(2, `${line}\n`)
  }

  /** Takes a flag that all commands know; returns how many arguments it took, 0 if it is not one. */
  readFlag(argv: readonly string[], at: number): number {
    const arg = argv[at] as string
    const rest = argv.length - at - 1
    const take = (n: number): readonly string[] => {
      if (rest < n) throw new UsageError(`flag '${arg}' requires ${n} argument(s), but only ${rest} were given`)
      return argv.slice(at + 1, at + 1 + n)
    }
    switch (arg) {
      case "--option": {
        const [name, value] = take(2) as [string, string]
        this.settings.set(name, value)
        return 3
      }
      case "-I":
      case "--include":
        this.settings.addInclude(bytes((take(1) as [string])[0]))
        return 2
      case "--run": {
        const [run] = take(1)
        if (run !== "auto" && run !== "closures" && run !== "stepper")
          throw new UsageError(`'--run' takes auto, closures or stepper, not '${run}'`)
        this.settings.run = run
        return 2
      }
      case "--max-steps":
      case "--timeout": {
        const n = Number((take(1) as [string])[0])
        if (!(n > 0)) throw new UsageError(`'${arg}' takes a positive number`)
        if (arg === "--max-steps") this.settings.maxSteps = n
        else this.settings.maxSeconds = n
        return 2
      }
      case "--store":
        this.#storeUrl = bytes((take(1) as [string])[0])
        return 2
      case "--endpoint":
        this.#endpoint.url = bytes((take(1) as [string])[0])
        return 2
      case "--token-file":
        this.#endpoint.tokenFile = joinPath(this.cwd, bytes((take(1) as [string])[0]))
        return 2
      case "-j":
      case "--max-jobs":
        this.#endpoint.jobs = Number((take(1) as [string])[0])
        if (!(this.#endpoint.jobs >= 1)) throw new UsageError(`'${arg}' takes a positive number`)
        return 2
      case "--offline":
        this.#isOffline = true
        return 1
      case "--eval-store":
        take(1)
        return 2
      case "-v":
      case "--verbose":
      case "--quiet":
        return 1
    }
    if (arg.startsWith("-I") && arg.length > 2) {
      this.settings.addInclude(bytes(arg.slice(2)))
      return 1
    }
    if (!arg.startsWith("--")) return 0
    const name = arg.slice(2)
    const kind = this.settings.kind(name)
    if (kind === "boolean") {
      this.settings.set(name, "true")
      return 1
    }
    if (kind === "value") {
      this.settings.set(name, (take(1) as [string])[0])
      return 2
    }
    if (name.startsWith("no-") && this.settings.kind(name.slice(3)) === "boolean") {
      this.settings.set(name.slice(3), "false")
      return 1
    }
    return 0
  }

  /** The store in the folder that was given, or null: then paths are computed and nothing is written. */
  get store(): StoreFolder | null {
    if (this.#store === undefined) {
      const root = storeRoot(this.#storeUrl)
      this.#store = root === null ? null : new StoreFolder(joinPath(this.cwd, root), this.storeDir, this.files)
    }
    return this.#store
  }

  /** The store of a command that needs one. */
  requireStore(): StoreFolder {
    if (this.store === null) throw new UsageError("no store is given: '--store FOLDER' says where it is")
    return this.store
  }

  /** Where is built, or null if nothing says so. */
  get endpoint(): BuildingOptions | null {
    const { url, tokenFile, jobs } = this.#endpoint
    return url === undefined ? null : { url, tokenFile, jobs, err: (line) => this.err(line) }
  }

  /** What builds for evaluation; null without an endpoint or a store. */
  get building(): Building | null {
    if (this.#building !== undefined) return this.#building
    const { endpoint, store } = this
    this.#building = endpoint === null || store === null ? null : new Building(store, endpoint)
    return this.#building
  }

  #plainHost(): NodeHost {
    return new NodeHost(this.cwd, this.streams.env, (line) => this.err(line))
  }

  /** The files of this machine by their own names. */
  get files(): NodeHost {
    this.#files ??= this.#plainHost()
    return this.#files
  }

  /** The directory that store paths begin with. */
  get storeDir(): string {
    return this.files.storeDir
  }

  /**
   * An evaluator; with "read-write", or if there is an endpoint that builds what it needs, it writes derivations and sources into the
   * store, if one is given.
   */
  evaluator(access: StoreAccess = "read-write"): Evaluator {
    const { env } = this.streams
    const nixPath = env["NIX_PATH"]
    const settings = this.settings.build(nixPath === undefined ? undefined : bytes(nixPath))
    const { store } = this
    const err = (line: string): void => this.err(line)
    const { files } = this
    const at = (path: string): string => host.at(path)
    const warn = (message: string): void => this.err(`warning: ${message}`)
    const fetching = this.#isOffline ? null : new Fetching(store, { env, settings: this.settings.fetching(), files, at, warn })
    const { building } = this
    const host =
      store === null
        ? fetching === null
          ? this.#plainHost()
          : new FetchHost(this.cwd, env, err, fetching)
        : new StoreHost(this.cwd, env, err, { folder: store, access: building === null ? access : "read-write", fetching, building })
    return new Evaluator(host, settings)
  }

  /** Ends the command's work: what the store has in memory is written. */
  close(): void {
    this.#store?.flush()
    this.#building?.close()
  }
}

/** The folder that a store URL names, or null if there is none (C++ Nix: StoreReference::parse). */
function storeRoot(url: string): string | null {
  if (["", "auto", "daemon", "local", "dummy://"].includes(url)) return null
  const local = /^local(?::\/\/)?\?root=([^&]+)$/.exec(url)
  if (local !== null) return local[1] as string
  if (/^[a-z+]+:\/\//.test(url) || url.includes("?")) throw new UsageError(`don't know how to open Nix store '${url}'`)
  return url
}

/** Writes all of a byte string, whatever the other end does. */
function writeAll(fd: number, text: string): void {
  const buffer = Buffer.from(text, "latin1")
  for (let at = 0; at < buffer.length; ) {
    try {
      at += fs.writeSync(fd, buffer, at)
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code
      if (code === "EPIPE") return
      if (code !== "EAGAIN") throw e
    }
  }
}
