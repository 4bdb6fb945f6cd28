// Shell commands that repeat a step with nothing but a POSIX `sh` and coreutils. Each stands alone and prints one line.

import type { HashAlgo } from "../hash/algo.ts"
import { printBase64 } from "../hash/base64.ts"
import type { Bytes } from "../hash/digest.ts"
import { nix32Length } from "../hash/nix32.ts"
import { invalidUtf8At } from "../json/utf8.ts"

/** A word for the shell, quoted whatever is in it (but no NUL, which no word can hold). */
function quoteShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** Binary data up to this size is written byte by byte; more is given in Base64, 76 characters a line. */
const octalLimit = 1024

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, "0")}`
}

/** Printable as it is: no control characters but tab and line feed, and UTF-8, so that a terminal shows it. */
function isText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 32 && code !== 9 && code !== 10) || code === 127) return false
  }
  return invalidUtf8At(text) < 0
}

function byteString(bytes: Bytes): string {
  if (typeof bytes === "string") return bytes
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function byteArray(bytes: Bytes): Uint8Array {
  return typeof bytes === "string" ? Uint8Array.from(bytes, (char) => char.charCodeAt(0)) : bytes
}

/** A command whose output are these bytes, and what has to stand on the lines after it (a here-document). */
function producer(bytes: Bytes): { readonly command: string; readonly after: string } {
  const text = byteString(bytes)
  if (isText(text)) return { command: `printf %s ${quoteShell(text)}`, after: "" }
  if (text.length <= octalLimit) {
    let format = ""
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      // Format characters, quotes and everything unprintable by number, so that nothing needs a second escape.
      format += code < 32 || code > 126 || code === 37 || code === 39 || code === 92 ? octal(code) : text[i]
    }
    return { command: `printf '${format}'`, after: "" }
  }
  const lines = printBase64(byteArray(bytes)).match(/.{1,76}/g)!
  return { command: "base64 -d <<'END'", after: `\n${lines.join("\n")}\nEND` }
}

const digestCommands: Readonly<Record<HashAlgo, string>> = {
  md5: "md5sum",
  sha1: "sha1sum",
  sha256: "sha256sum",
  sha512: "sha512sum",
  blake3: "b3sum", // in no coreutils; the one algorithm that needs a program of its own
}

function digestPipe(algo: HashAlgo): string {
  return `${digestCommands[algo]} | cut -d' ' -f1`
}

/** Prints the digest of `bytes`. */
export function shellDigest(algo: HashAlgo, bytes: Bytes): string {
  const { command, after } = producer(bytes)
  return `${command} | ${digestPipe(algo)}${after}`
}

/** Prints the digest of a file's bytes. */
export function shellFileDigest(algo: HashAlgo, path: string): string {
  return `cat ${quoteShell(path)} | ${digestPipe(algo)}`
}

/** Writes an archive with nothing but sh: lengths in eight bytes, last byte first, and texts padded with zeros to eight. */
const narFunctions = `int() { v=$1 k=0; while [ $k -lt 8 ]; do printf "\\\\$(printf %03o $((v & 255)))"; v=$((v >> 8)) k=$((k + 1)); done; }
pad() { k=$(((8 - $1 % 8) % 8)); while [ $k -gt 0 ]; do printf '\\000'; k=$((k - 1)); done; }
str() { for s; do n=$(printf %s "$s" | wc -c); int $n; printf %s "$s"; pad $n; done; }
node() {
  str '(' type
  if [ -L "$1" ]; then str symlink target "$(readlink "$1")"
  elif [ -d "$1" ]; then
    str directory
    ls -A "$1" | LC_ALL=C sort | while IFS= read -r f; do str entry '(' name "$f" node; node "$1/$f"; str ')'; done
  else
    str regular; [ -x "$1" ] && str executable ''
    str contents; n=$(wc -c < "$1"); int $n; cat "$1"; pad $n
  fi
  str ')'
}`

/** Prints the digest of the archive of a file or directory (all of it; names may not contain line feeds). */
export function shellNarDigest(algo: HashAlgo, path: string): string {
  return `${narFunctions}\n{ str nix-archive-1; node ${quoteShell(path)}; } | ${digestPipe(algo)}`
}

/** Prints `hex` folded to `size` bytes: byte i is the xor of bytes i, i + size, i + 2 size … */
export function shellFold(hex: string, size: number): string {
  return (
    `h=${hex} i=1; while [ $i -le ${size * 2} ]; do x=0 j=$i; while [ $j -lt ${hex.length} ]; do ` +
    `x=$((x ^ 0x$(echo $h | cut -c$j-$((j + 1))))) j=$((j + ${size * 2})); done; printf %02x $x; i=$((i + 2)); done; echo`
  )
}

/**
 * Prints `hex` in Nix's base 32: that is plain base 32 of the bytes in reverse, with another alphabet. Zeros in front make
 * the number of bytes a multiple of five; what they add in front is cut off again.
 */
export function shellNix32(hex: string, prefix = ""): string {
  const size = hex.length / 2
  const zeros = "0".repeat(((5 - (size % 5)) % 5) * 2)
  const keep = nix32Length(size)
  const reversed = `echo ${hex} | fold -w2 | tac | tr -d '\\n'`
  const padded = zeros === "" ? reversed : `{ printf ${zeros}; ${reversed}; }`
  const cut = zeros === "" ? "" : ` | tail -c ${keep}`
  const digits = `${padded} | tr a-f A-F | basenc -d --base16 | basenc -w0 --base32 | tr A-Z2-7 0123456789abcdfghijklmnpqrsvwxyz${cut}`
  return `${prefix === "" ? "" : `printf %s ${quoteShell(prefix)}; `}${digits}; echo`
}

/** Prints a store path. */
export function shellPath(storeDir: string, hash: string, name: string): string {
  return `echo ${quoteShell(storeDir)}/${hash}-${quoteShell(name)}`
}
