// A conversation with a Nix daemon: over its socket, or with `nix-daemon --stdio` as a child. One operation after the other.
// C++ Nix: libstore/worker-protocol-connection.cc, libstore/remote-store.cc

import { type ChildProcess, spawn } from "node:child_process"
import { connect } from "node:net"
import { Duplex, type Readable, type Writable } from "node:stream"
import type { Derivation } from "../../formats/derivation/derivation.ts"
import type { BuildResult } from "../../formats/narinfo/build-result.ts"
import type { PathInfo, UnkeyedPathInfo } from "../../formats/narinfo/path-info.ts"
import { opaque } from "../../formats/store-path/derived-path.ts"
import { allOutputs } from "../../formats/store-path/outputs-spec.ts"
import { defaultStoreDir, type StorePath } from "../../formats/store-path/store-path.ts"
import { writeBasicDerivation } from "../../formats/wire/basic-derivation.ts"
import {
  commonVersion,
  type DaemonMessage,
  hasFeatures,
  readDaemonGreeting,
  readDaemonMessage,
  readFeatures,
  withCommonFeatures,
  workerOperations,
  writeClientGreeting,
  writeFeatures,
} from "../../formats/wire/daemon.ts"
import { frameHead } from "../../formats/wire/frame.ts"
import { type Reading, readList, readNumber, WireInput } from "../../formats/wire/reading.ts"
import { isAtLeast, type ProtocolVersion, readStorePaths, writeStorePath, writeStorePaths } from "../../formats/wire/value.ts"
import {
  type DaemonInfo,
  latestWorker,
  readBuildResult,
  readDaemonInfo,
  readKeyedBuildResult,
  readUnkeyedPathInfo,
  writeBuildMode,
  writeDerivedPath,
  writePathInfo,
} from "../../formats/wire/worker.ts"
import { WireWriter } from "../../formats/wire/writer.ts"

/** How to get to a daemon: a socket, or a program that speaks the protocol over its standard input and output. */
export type DaemonPlace =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "program"; readonly argv: readonly string[] }

/** What the daemon refused or failed at, in its words. */
export class DaemonFault extends Error {
  override readonly name = "DaemonFault"
}

/** Told what the daemon says while it works. */
export type OnMessage = (message: DaemonMessage) => void

export interface DaemonOptions {
  readonly onMessage?: OnMessage | undefined
  /** The newest version of the protocol to speak; the newest that is known, if nothing is said. */
  readonly newest?: ProtocolVersion | undefined
}

export class DaemonConnection {
  readonly #stream: Duplex
  readonly #child: ChildProcess | undefined
  readonly #input: WireInput
  readonly #onMessage: OnMessage
  readonly #newest: ProtocolVersion
  #version: ProtocolVersion
  #info: DaemonInfo = { nixVersion: undefined, trusted: undefined }

  private constructor(stream: Duplex, child: ChildProcess | undefined, { onMessage = () => {}, newest = latestWorker }: DaemonOptions) {
    this.#newest = newest
    this.#version = newest
    this.#stream = stream
    this.#child = child
    this.#onMessage = onMessage
    const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    this.#input = new WireInput(async () => {
      const { done, value } = await chunks.next()
      return done === true ? undefined : value
    })
  }

  /** Greets the daemon, and leaves it the options that its owner has set. Closed by the caller, also to stop what it is doing. */
  static async open(place: DaemonPlace, options: DaemonOptions = {}): Promise<DaemonConnection> {
    const connection = place.kind === "socket" ? await bySocket(place.path, options) : byProgram(place.argv, options)
    try {
      await connection.#greet()
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  static from(stream: Duplex, child: ChildProcess | undefined, options: DaemonOptions): DaemonConnection {
    return new DaemonConnection(stream, child, options)
  }

  /** What the daemon says of itself: its version, whether it trusts us. */
  get info(): DaemonInfo {
    return this.#info
  }

  /** Whether the daemon takes archives as they are sent here, in frames. */
  get takesFrames(): boolean {
    return isAtLeast(this.#version, 1, 23)
  }

  /** Whether the daemon tells how the build of a derivation in its store ended; older ones tell it of those that they are sent. */
  get tellsResults(): boolean {
    return isAtLeast(this.#version, 1, 34)
  }

  async #greet(): Promise<void> {
    const writer = new WireWriter()
    writeClientGreeting(writer, this.#newest)
    await this.#send(writer.take())
    this.#version = commonVersion(this.#newest, await this.#input.read(readDaemonGreeting()))
    if (hasFeatures(this.#version)) {
      writeFeatures(writer, this.#newest)
      await this.#send(writer.take())
      this.#version = withCommonFeatures(this.#version, this.#newest.features, await this.#input.read(readFeatures()))
    }
    // Neither a processor to stay on nor space to be reserved.
    await this.#send(writer.integer(0).integer(0).take())
    this.#info = await this.#input.read(readDaemonInfo(this.#version))
    await this.#work()
  }

  #send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => this.#stream.write(bytes, (error) => (error ? reject(error) : resolve())))
  }

  /** Takes what the daemon says until it is done. Throws DaemonFault. */
  async #work(): Promise<void> {
    for (;;) {
      const message = await this.#input.read(readDaemonMessage(this.#version))
      if (message.kind === "last") return
      if (message.kind === "error") throw new DaemonFault(message.error.message)
      this.#onMessage(message)
    }
  }

  async #call<T>(operation: keyof typeof workerOperations, write: (writer: WireWriter) => void, result: () => Reading<T>): Promise<T> {
    const writer = new WireWriter().integer(workerOperations[operation])
    write(writer)
    await this.#send(writer.take())
    await this.#work()
    return this.#input.read(result())
  }

  /** Which of these paths the daemon's store has. */
  validPaths(paths: readonly StorePath[]): Promise<StorePath[]> {
    return this.#call(
      "queryValidPaths",
      (writer) => {
        writeStorePaths(writer, paths, defaultStoreDir)
        if (isAtLeast(this.#version, 1, 27)) writer.bool(true)
      },
      () => readStorePaths(defaultStoreDir),
    )
  }

  /** Adds an object, whose signatures are not looked at: the daemon has to trust us. */
  async addToStore(info: PathInfo, nar: AsyncIterable<Uint8Array>): Promise<void> {
    const writer = new WireWriter().integer(workerOperations.addToStoreNar)
    writePathInfo(writer, info, this.#version)
    await this.#send(writer.bool(false).bool(true).take())
    // The daemon may refuse before it has read all.
    const answered = this.#work()
    answered.catch(() => {}) // It is awaited below.
    for await (const chunk of nar) {
      await this.#send(frameHead(chunk.length))
      await this.#send(chunk)
    }
    await this.#send(frameHead(0))
    await answered
  }

  /** Builds a derivation whose inputs are in the daemon's store. */
  buildDerivation(path: StorePath, drv: Derivation): Promise<BuildResult> {
    return this.#call(
      "buildDerivation",
      (writer) => {
        writeStorePath(writer, path, defaultStoreDir)
        writeBasicDerivation(writer, drv, defaultStoreDir)
        writeBuildMode(writer, "normal")
      },
      () => readBuildResult(this.#version, defaultStoreDir),
    )
  }

  /** Builds all outputs of a derivation that is in the daemon's store, with all that it needs. */
  async buildStored(path: StorePath): Promise<BuildResult> {
    const version = this.#version
    const [result] = await this.#call(
      "buildPathsWithResults",
      (writer) => {
        writer.list([path], (drvPath) =>
          writeDerivedPath(writer, { kind: "outputs", drvPath: opaque(drvPath), outputs: allOutputs }, version, defaultStoreDir),
        )
        writeBuildMode(writer, "normal")
      },
      () => readList(() => readKeyedBuildResult(version, defaultStoreDir)),
    )
    if (result === undefined) throw new DaemonFault("the daemon gave no result")
    return result
  }

  /** What the daemon knows of an object; null if it has none. */
  pathInfo(path: StorePath): Promise<UnkeyedPathInfo | null> {
    const version = this.#version
    return this.#call(
      "queryPathInfo",
      (writer) => writeStorePath(writer, path, defaultStoreDir),
      function* (): Reading<UnkeyedPathInfo | null> {
        return (yield* readNumber()) === 0 ? null : yield* readUnkeyedPathInfo(version, defaultStoreDir)
      },
    )
  }

  /** The archive of an object, which has `size` bytes; to be read to its end. */
  async *nar(path: StorePath, size: number): AsyncGenerator<Uint8Array> {
    const writer = new WireWriter().integer(workerOperations.narFromPath)
    writeStorePath(writer, path, defaultStoreDir)
    await this.#send(writer.take())
    await this.#work()
    for (let left = size; left > 0; ) {
      const piece = await this.#input.readSome(left)
      if (piece.length === 0) throw new DaemonFault("the daemon ended in the middle of an archive")
      left -= piece.length
      yield piece
    }
  }

  /** Ends the conversation; the daemon stops what it was doing. */
  close(): void {
    this.#stream.destroy()
    this.#child?.kill("SIGTERM")
  }
}

function bySocket(path: string, options: DaemonOptions): Promise<DaemonConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once("error", reject)
    socket.once("connect", () => {
      socket.off("error", reject)
      socket.on("error", () => {}) // Whoever reads or writes is told.
      resolve(DaemonConnection.from(socket, undefined, options))
    })
  })
}

function byProgram(argv: readonly string[], options: DaemonOptions): DaemonConnection {
  const [program = "", ...rest] = argv
  const child = spawn(program, rest, { stdio: ["pipe", "pipe", "ignore"] })
  const [readable, writable] = [child.stdio[1] as Readable, child.stdio[0] as Writable] // both were asked for
  const stream = Duplex.from({ readable, writable })
  stream.on("error", () => {}) // Whoever reads or writes is told.
  child.on("error", (error) => stream.destroy(error))
  return DaemonConnection.from(stream, child, options)
}
