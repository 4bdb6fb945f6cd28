// `thunkpad hash file|path|convert`: hashes as `nix hash` prints them. C++ Nix: src/nix/hash.cc

import { joinPath } from "../eval/path.ts"
import { fail } from "../formats/error.ts"
import { parseHashAlgo } from "../formats/hash/algo.ts"
import { Hasher } from "../formats/hash/digest.ts"
import { compressHash, type HashFormat, parseHashFormat, parseHashWithFormat, printHash, printHashDigits } from "../formats/hash/hash.ts"
import { ModuloHasher } from "../formats/nar/hash.ts"
import { type Arguments, type Command, commandGroup, readArguments } from "./command.ts"
import { dumpFiles, readFilePieces } from "./file-tree.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

const formatFlags = ["--sri", "--base64", "--base32", "--base16"]

function formatOf(given: Arguments, session: Session): HashFormat {
  const named = given.get("--format")
  if (named !== undefined) return parseHashFormat(named, (message) => session.err(`warning: ${message}`))
  const flag = formatFlags.find((name) => given.has(name))
  return flag === undefined ? "sri" : flag === "--base32" ? "nix32" : (flag.slice(2) as HashFormat) // the flags are named so
}

function hashFiles(mode: "flat" | "nar"): Command {
  return (argv, session) => {
    const given = readArguments(argv, session, {
      switches: [...formatFlags, "--truncate"],
      values: [["--type", "--algo"], "--mode", "--format", "--modulo"],
    })
    const format = formatOf(given, session)
    const algo = parseHashAlgo(given.get("--algo") ?? "sha256")
    const how = given.get("--mode") ?? mode
    if (how !== "flat" && how !== "nar") throw new UsageError(`'--mode' takes flat or nar, not '${how}'`)
    for (const argument of given.positional) {
      const path = joinPath(session.cwd, argument)
      const dump = (sink: (chunk: Uint8Array) => void): void =>
        how === "flat" ? readFilePieces(path, sink) : dumpFiles(session, path, sink)
      let bytes: Uint8Array
      const modulus = given.get("--modulo")
      if (modulus === undefined) {
        const hasher = new Hasher(algo)
        dump((chunk) => hasher.update(chunk))
        bytes = hasher.digest()
      } else {
        const hasher = new ModuloHasher(algo, modulus)
        dump((chunk) => hasher.push(chunk))
        bytes = hasher.finish().bytes
      }
      const hash = { algo, bytes: given.has("--truncate") && bytes.length > 20 ? compressHash(bytes, 20) : bytes }
      session.out(`${format === "sri" ? printHash(hash, "sri") : printHashDigits(hash, format)}\n`)
    }
    return 0
  }
}

function convert(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, { values: [["--hash-algo", "--algo"], "--from", "--to"] })
  const warn = (message: string): void => session.err(`warning: ${message}`)
  const algo = given.get("--algo")
  const from = given.get("--from")
  const wanted = from === undefined ? undefined : parseHashFormat(from, warn)
  const to = parseHashFormat(given.get("--to") ?? "sri", warn)
  for (const text of given.positional) {
    const { hash, format } = parseHashWithFormat(text, algo === undefined ? undefined : parseHashAlgo(algo))
    if (wanted !== undefined && wanted !== format)
      fail("bad-hash", `input hash '${text}' has format '${format}', but '--from ${wanted}' was specified`)
    session.out(`${to === "sri" ? printHash(hash, "sri") : printHashDigits(hash, to)}\n`)
  }
  return 0
}

/** The commands on hashes. */
export const hash = commandGroup("hash", { file: hashFiles("flat"), path: hashFiles("nar"), convert })
