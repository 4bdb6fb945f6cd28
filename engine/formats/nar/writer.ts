// Writes a Nix archive from events, in chunks: small things are collected, file contents are passed on as they are.
// Refuses whatever a reader would refuse (order, names, sizes, depth), so that what is written can be read.
// C++ Nix: libutil/archive.cc SourceAccessor::dumpPath

import { badArchive, checkNarName, checkNarTarget, type NarEvent, narMagic, narMaxDepth } from "./grammar.ts"

const collectSize = 1 << 14

/** Writes one archive: give it events with write(), then call finish(). */
export class NarWriter {
  readonly #sink: (chunk: Uint8Array) => void
  readonly #buffer = new Uint8Array(collectSize)
  #used = 0
  #size = 0
  /** The last name in each open directory. */
  readonly #open: { last: string | undefined }[] = []
  #state: "empty" | "open" | "complete" = "empty"
  /** The file being written: how much of it is missing, and its size. */
  #file: { left: number; readonly size: number } | undefined

  /** `sink` gets the chunks; it may keep them only if it copies them. */
  constructor(sink: (chunk: Uint8Array) => void) {
    this.#sink = sink
  }

  /** How many bytes have been written. */
  get size(): number {
    return this.#size
  }

  #flush(): void {
    if (this.#used === 0) return
    this.#sink(this.#buffer.subarray(0, this.#used))
    this.#used = 0
  }

  #bytes(bytes: Uint8Array): void {
    this.#size += bytes.length
    if (this.#used + bytes.length > collectSize) this.#flush()
    if (bytes.length > collectSize) {
      this.#sink(bytes)
      return
    }
    this.#buffer.set(bytes, this.#used)
    this.#used += bytes.length
  }

  #byte(byte: number): void {
    if (this.#used === collectSize) this.#flush()
    this.#buffer[this.#used++] = byte
    this.#size++
  }

  #number(value: number): void {
    let rest = value
    for (let i = 0; i < 8; i++) {
      this.#byte(rest % 256)
      rest = Math.floor(rest / 256)
    }
  }

  #padding(length: number): void {
    for (let i = length; i % 8 !== 0; i++) this.#byte(0)
  }

  #strings(...texts: string[]): void {
    for (const text of texts) {
      this.#number(text.length)
      for (let i = 0; i < text.length; i++) this.#byte(text.charCodeAt(i))
      this.#padding(text.length)
    }
  }

  /** Begins a node. */
  #begin(name: string | undefined): void {
    if (this.#file !== undefined) badArchive("a file's contents are incomplete", this.#size)
    const directory = this.#open.at(-1)
    if (directory === undefined) {
      if (name !== undefined || this.#state !== "empty") badArchive("an archive has one root, without a name", this.#size)
      this.#strings(narMagic)
    } else {
      if (this.#open.length >= narMaxDepth) {
        badArchive(`NAR directory nesting exceeds maximum depth of ${narMaxDepth}`, this.#size)
      }
      if (name === undefined) badArchive("an entry of a directory has a name", this.#size)
      checkNarName(name, directory.last, this.#size)
      directory.last = name
      this.#strings("entry", "(", "name", name, "node")
    }
    this.#state = "open"
    this.#strings("(", "type")
  }

  /** Ends a node. */
  #end(): void {
    this.#strings(")")
    if (this.#open.length > 0) this.#strings(")")
    else this.#state = "complete"
  }

  #endFile(size: number): void {
    this.#padding(size)
    this.#file = undefined
    this.#end()
  }

  /** Writes what the event says. The `offset` of files is not looked at. */
  write(event: NarEvent): void {
    switch (event.kind) {
      case "directory":
        this.#begin(event.name)
        this.#strings("directory")
        this.#open.push({ last: undefined })
        return
      case "end":
        if (this.#file !== undefined || this.#open.pop() === undefined) badArchive("no directory is open", this.#size)
        this.#end()
        return
      case "symlink":
        checkNarTarget(event.target, this.#size)
        this.#begin(event.name)
        this.#strings("symlink", "target", event.target)
        this.#end()
        return
      case "file":
        this.#begin(event.name)
        this.#strings("regular")
        if (event.executable) this.#strings("executable", "")
        this.#strings("contents")
        this.#number(event.size)
        this.#file = { left: event.size, size: event.size }
        if (event.size === 0) this.#endFile(0)
        return
      case "contents": {
        if (event.bytes.length === 0) return
        const file = this.#file
        if (file === undefined || event.bytes.length > file.left) throw badArchive("more contents than the file's size", this.#size)
        this.#bytes(event.bytes)
        file.left -= event.bytes.length
        if (file.left === 0) this.#endFile(file.size)
        return
      }
    }
  }

  /** Passes on what was collected; fails if the archive is not complete. Gives its size in bytes. */
  finish(): number {
    if (this.#state !== "complete") badArchive("the archive is incomplete", this.#size)
    this.#flush()
    return this.#size
  }
}
