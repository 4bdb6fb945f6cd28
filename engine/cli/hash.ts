// `thunkpad hash file|path|convert` and the older `to-base16` and so on: hashes as `nix hash` prints them. C++ Nix: src/nix/hash.cc

import { joinPath } from "../eval/path.ts"
import { fail } from "../formats/error.ts"
import { gitContentHash } from "../formats/git/object.ts"
import { type HashAlgo, parseHashAlgo } from "../formats/hash/algo.ts"
import { Hasher } from "../formats/hash/digest.ts"
import {
  compressHash,
  type Hash,
  type HashFormat,
  parseHash,
  parseHashFormat,
  parseHashWithFormat,
  printHash,
  printHashDigits,
} from "../formats/hash/hash.ts"
import { ModuloHasher } from "../formats/nar/hash.ts"
import { TreeBuilder } from "../formats/nar/tree.ts"
import { type Arguments, type Command, commandGroup, readArguments } from "./command.ts"
import { dumpFiles, readFilePieces, walkFiles } from "./file-tree.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

const formatFlags = ["--sri", "--base64", "--base32", "--base16"]

function formatOf(given: Arguments, session: Session): HashFormat {
  const named = given.get("--format")
  if (named !== undefined) return parseHashFormat(named, (message) => session.err(`warning: ${message}`))
  const flag = formatFlags.find((name) => given.has(name))
  return flag === undefined ? "sri" : flag === "--base32" ? "nix32" : (flag.slice(2) as HashFormat) // the flags are named so
}

function printed(hash: Hash, format: HashFormat): string {
  return `${format === "sri" ? printHash(hash, "sri") : printHashDigits(hash, format)}\n`
}

/** The hash of the git object that a file or folder makes. C++ Nix: FileIngestionMethod::Git */
function gitHash(session: Session, path: string, algo: HashAlgo): Uint8Array {
  const tree = new TreeBuilder()
  walkFiles(session, path, tree.handle)
  return gitContentHash(algo, tree.tree).bytes
}

function streamHash(dump: (sink: (chunk: Uint8Array) => void) => void, algo: HashAlgo, modulus: string | undefined): Uint8Array {
  if (modulus === undefined) {
    const hasher = new Hasher(algo)
    dump((chunk) => hasher.update(chunk))
    return hasher.digest()
  }
  const hasher = new ModuloHasher(algo, modulus)
  dump((chunk) => hasher.push(chunk))
  return hasher.finish().bytes
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
    if (how !== "flat" && how !== "nar" && how !== "git")
      throw new UsageError(`unknown file ingestion method '${how}', expect 'flat', 'nar', or 'git'`)
    for (const argument of given.positional) {
      const path = joinPath(session.cwd, argument)
      const dump = (sink: (chunk: Uint8Array) => void): void =>
        how === "flat" ? readFilePieces(path, sink) : dumpFiles(session, path, sink)
      const bytes = how === "git" ? gitHash(session, path, algo) : streamHash(dump, algo, given.get("--modulo"))
      session.out(printed({ algo, bytes: given.has("--truncate") && bytes.length > 20 ? compressHash(bytes, 20) : bytes }, format))
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
    session.out(printed(hash, to))
  }
  return 0
}

/** The commands that `convert` took the place of: one for each form. */
function convertTo(format: HashFormat): Command {
  return (argv, session) => {
    const given = readArguments(argv, session, { values: [["--type", "--algo"]] })
    const algo = given.get("--algo")
    session.err("warning: The old format conversion subcommands of `nix hash` were deprecated in favor of `nix hash convert`.")
    for (const text of given.positional) session.out(printed(parseHash(text, algo === undefined ? undefined : parseHashAlgo(algo)), format))
    return 0
  }
}

const usage = `Usage: thunkpad hash COMMAND [OPTIONS]

  file PATH…     hashes of bytes          path PATH…     hashes of archives
      --algo md5|sha1|sha256|sha512|blake3     --format base16|nix32|base64|sri     --mode flat|nar|git
      --truncate  to 20 bytes                  --modulo HASHPART  without what refers to itself
  convert [--hash-algo ALGO] [--from FORMAT] [--to FORMAT] HASH…
                 the same hash in another form (also: to-base16, to-base32, to-base64, to-sri)
`

/** The commands on hashes. */
export const hash = commandGroup(
  "hash",
  {
    file: hashFiles("flat"),
    path: hashFiles("nar"),
    convert,
    "to-base16": convertTo("base16"),
    "to-base32": convertTo("nix32"),
    "to-base64": convertTo("base64"),
    "to-sri": convertTo("sri"),
  },
  usage,
)
