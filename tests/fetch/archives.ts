// The archives that the tests fetch, by name: well-formed ones, odd ones, bad ones.

import * as fs from "node:fs"
import { gzipSync } from "node:zlib"
import { bytesOf, pax, type TarEntry, tar } from "./tar-writer.ts"
import { zip } from "./zip-writer.ts"

const tree: readonly TarEntry[] = [
  { name: "top/", type: "5", mtime: 1_600_000_000 },
  { name: "top/default.nix", body: "{ answer = 42; text = builtins.readFile ./dir/text; }\n", mtime: 1_600_000_100 },
  { name: "top/dir/", type: "5", mode: 0o700, mtime: 1_600_000_050 },
  { name: "top/dir/text", body: "some text\n", mtime: 1_600_000_300 },
  { name: "top/dir/run", body: "#!/bin/sh\necho hi\n", mode: 0o755, mtime: 1_500_000_000 },
  { name: "top/dir/group-may-run", body: "x", mode: 0o655, mtime: 1_500_000_000 },
  { name: "top/link", type: "2", link: "dir/text", mtime: 1_600_000_200 },
  { name: "top/empty", body: "", mtime: 1_400_000_000 },
]

const file = (name: string, body = name, more: Partial<TarEntry> = {}): TarEntry => ({ name, body, ...more })
const dir = (name: string): TarEntry => ({ name: `${name}/`, type: "5" })
const link = (name: string, target: string): TarEntry => ({ name, type: "2", link: target })
const hard = (name: string, target: string): TarEntry => ({ name, type: "1", link: target })

const plain = tar(tree)
const plainGz = Uint8Array.from(gzipSync(plain))
/** An archive with one byte changed. */
const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((b, i) => (i === at ? b ^ 0x10 : b))

/** plain.tar, compressed with the real xz, bzip2 and zstd. */
const compressed = (name: string): Uint8Array => Uint8Array.from(fs.readFileSync(new URL(`data/${name}`, import.meta.url)))
const trailing = (bytes: Uint8Array): Uint8Array => new Uint8Array([...bytes, ...bytesOf("trailing garbage")])

/** All of them; each can be fetched under its name. */
export function archives(): Map<string, Uint8Array> {
  const long = `top/${"d".repeat(80)}/${"f".repeat(90)}`
  return new Map<string, Uint8Array>([
    ["plain.tar", plain],
    ["plain.tar.gz", plainGz],
    ["noext", plainGz],
    ["two-tops.tar", tar([file("a/x"), file("b/y")])],
    ["lone-file.tar", tar([file("only")])],
    ["lone-link.tar", tar([link("only", "nowhere")])],
    ["lone-dir-deep.tar", tar([file("a/b/c/x")])],
    ["dot-slash.tar", tar([dir("."), dir("./top"), file("./top/a"), file("./top//b"), file("./top/c/../d")])],
    ["no-dirs.tar", tar([file("top/a/b/c"), file("top/a/d")])],
    ["empty-dir.tar", tar([dir("top"), dir("top/empty"), file("top/a")])],
    ["hard-link.tar", tar([file("top/a", "same", { mode: 0o755 }), hard("top/b", "top/a"), hard("top/c/d", "/top/a")])],
    ["hard-link-before.tar", tar([hard("top/b", "top/a"), file("top/a", "later")])],
    ["hard-link-missing.tar", tar([file("top/a"), hard("top/b", "top/nowhere")])],
    ["hard-link-dir.tar", tar([file("top/a/x"), hard("top/b", "top/a")])],
    ["hard-link-root.tar", tar([file("top/a/x"), hard("top/b", "/")])],
    ["hard-link-over.tar", tar([file("top/a", "one"), file("top/b", "two"), hard("top/b", "top/a")])],
    ["hard-link-chain.tar", tar([file("top/z", "one"), hard("top/y", "top/z"), hard("top/x", "top/y")])],
    ["hard-link-chain-back.tar", tar([file("top/a", "one"), hard("top/b", "top/a"), hard("top/c", "top/b")])],
    ["twice.tar", tar([file("top/a", "first"), file("top/a", "second", { mode: 0o755 })])],
    ["twice-dir.tar", tar([dir("top"), file("top/a"), dir("top"), file("top/b")])],
    ["file-then-dir.tar", tar([file("top/a"), file("top/b"), dir("top/a")])],
    ["file-then-below.tar", tar([file("top/a"), file("top/a/b")])],
    ["dir-then-file.tar", tar([dir("top/a"), file("top/a", "now a file"), file("top/b")])],
    ["full-dir-then-file.tar", tar([file("top/a/b"), file("top/a", "now a file")])],
    ["link-then-file.tar", tar([link("top/a", "b"), file("top/a", "now a file")])],
    ["case.tar", tar([file("top/A"), file("top/a")])],
    ["climb.tar", tar([file("top/../../../../tmp/climbed"), file("top/a")])],
    ["absolute.tar", tar([file("/top/a"), file("/top/b")])],
    ["absolute-etc.tar", tar([file("/etc/passwd-of-tar"), file("top/a")])],
    ["link-out.tar", tar([link("top/out", "/etc"), link("top/up", "../../..")])],
    ["through-link.tar", tar([link("top/out", "/tmp"), file("top/out/written")])],
    ["through-link-inside.tar", tar([file("top/real/a"), link("top/to", "real"), file("top/to/b")])],
    ["root-file.tar", tar([file("/", "content")])],
    ["dots.tar", tar([file("..", "content")])],
    ["bytes.tar", tar([file("top/\xff\xfe"), file("top/gr\xfc\xdf"), link("top/l", "\xe4")])],
    ["utf8.tar", tar([file("top/gr\xc3\xbc\xc3\x9fe"), file("top/\xe2\x82\xac")])],
    ["blank.tar", tar([file("top/a b\nc"), file("top/\x01")])],
    ["prefix.tar", tar([file("c", "x", { prefix: "top/a/b" })])],
    ["pax-path.tar", tar([{ name: "pax", type: "x", body: pax({ path: long, mtime: "1700000000.75" }) }, file("short")])],
    ["pax-link.tar", tar([{ name: "pax", type: "x", body: pax({ linkpath: long }) }, link("top/l", "short"), file("top/a")])],
    ["pax-bytes.tar", tar([{ name: "pax", type: "x", body: pax({ hdrcharset: "BINARY", path: "top/\xff" }) }, file("short")])],
    ["pax-utf8.tar", tar([{ name: "pax", type: "x", body: pax({ path: "top/\xc3\xa9" }) }, file("short")])],
    ["pax-not-utf8.tar", tar([{ name: "pax", type: "x", body: pax({ path: "top/\xff" }) }, file("short")])],
    [
      "pax-size.tar",
      tar([
        { name: "pax", type: "x", body: pax({ size: "5" }) },
        { name: "top/a", body: "12345", size: 0 },
      ]),
    ],
    [
      "pax-global.tar",
      tar([{ name: "pax_global_header", type: "g", body: pax({ comment: "a".repeat(40), mtime: "1650000000" }) }, file("top/a")]),
    ],
    ["pax-old.tar", tar([{ name: "pax", type: "x", body: pax({ mtime: "-5.5" }) }, file("top/a")])],
    ["pax-bad.tar", tar([{ name: "pax", type: "x", body: "99 path=x\n" }, file("top/a")])],
    [
      "gnu-long.tar",
      tar([{ name: "././@LongLink", type: "L", body: `${long}\0`, magic: "ustar  \0" }, file("short", "x", { magic: "ustar  \0" })]),
    ],
    [
      "gnu-link.tar",
      tar([
        { name: "././@LongLink", type: "K", body: `${long}\0`, magic: "ustar  \0" },
        { ...link("top/l", "short"), magic: "ustar  \0" },
        file("top/a"),
      ]),
    ],
    [
      "gnu-both.tar",
      tar([
        { name: "././@LongLink", type: "K", body: `${long}\0`, magic: "ustar  \0" },
        { name: "././@LongLink", type: "L", body: `${long}-link\0`, magic: "ustar  \0" },
        { ...link("short", "short"), magic: "ustar  \0" },
        file("top/a"),
      ]),
    ],
    [
      "old.tar",
      tar([
        { name: "top/", type: "\0", magic: "\0\0\0\0\0\0\0\0" },
        { name: "top/a", type: "\0", body: "v7", magic: "\0\0\0\0\0\0\0\0" },
      ]),
    ],
    ["contiguous.tar", tar([{ name: "top/a", type: "7", body: "seven" }])],
    ["base-256.tar", tar([file("top/a", "x", { mtime: 2 ** 34 })])],
    ["before-1970.tar", tar([file("top/a", "x", { mtime: -1000 })])],
    ["fifo.tar", tar([file("top/a"), { name: "top/pipe", type: "6" }])],
    ["device.tar", tar([file("top/a"), { name: "top/null", type: "3" }])],
    ["block-device.tar", tar([file("top/a"), { name: "top/disk", type: "4" }])],
    ["unknown-type.tar", tar([file("top/a"), { name: "top/b", type: "Q", body: "who knows" }])],
    ["no-end.tar", tar([file("top/a")], "")],
    ["half-end.tar", tar([file("top/a")], "\0".repeat(512))],
    ["after-end.tar", new Uint8Array([...tar([file("top/a")]), ...tar([file("top/b")])])],
    ["no-entries.tar", tar([])],
    ["nothing.tar", new Uint8Array(0)],
    ["garbage.tar", bytesOf("This is no archive at all, only a page of text.\n".repeat(40))],
    ["truncated-header.tar", plain.slice(0, 700)],
    ["truncated-body.tar", tar([file("top/a", "x".repeat(5000))]).slice(0, 2000)],
    ["bad-checksum.tar", tar([file("top/a"), file("top/b", "x", { checksum: 1 })])],
    ["bad-first-checksum.tar", tar([file("top/b", "x", { checksum: 1 })])],
    ["truncated.tar.gz", plainGz.slice(0, plainGz.length - 100)],
    ["truncated-trailer.tar.gz", plainGz.slice(0, plainGz.length - 6)],
    ["bad-crc.tar.gz", flipped(plainGz, plainGz.length - 7)],
    ["corrupt.tar.gz", flipped(plainGz, 60)],
    [
      "two-members.tar.gz",
      new Uint8Array([...Uint8Array.from(gzipSync(plain.slice(0, 1024))), ...Uint8Array.from(gzipSync(plain.slice(1024)))]),
    ],
    ["trailing.tar.gz", new Uint8Array([...plainGz, ...bytesOf("trailing garbage")])],
    ["twice.tar.gz.gz", Uint8Array.from(gzipSync(plainGz))],
    ["deep.tar", tar([file(`${Array.from({ length: 45 }, () => "d").join("/")}/f`)])],
    [
      "deeper.tar",
      tar([{ name: "pax", type: "x", body: pax({ path: `${Array.from({ length: 80 }, () => "d").join("/")}/f` }) }, file("short")]),
    ],
    ["long-name.tar", tar([{ name: "pax", type: "x", body: pax({ path: `top/${"n".repeat(300)}` }) }, file("short")])],
    ...["xz", "bz2", "zst"].flatMap((ending): [string, Uint8Array][] => {
      const bytes = compressed(`plain.tar.${ending}`)
      return [
        [`plain.tar.${ending}`, bytes],
        [`trailing.tar.${ending}`, trailing(bytes)],
        [`truncated.tar.${ending}`, bytes.slice(0, bytes.length - 30)],
        [`corrupt.tar.${ending}`, flipped(bytes, 150)],
      ]
    }),
    [
      "plain.zip",
      zip([
        { name: "top/", mode: 0o40755, mtime: 1_600_000_000 },
        { name: "top/a", body: "some text some text some text", mtime: 1_600_000_400 },
        { name: "top/run", body: "#!/bin/sh\n", mode: 0o100755, stored: true, mtime: 1_600_000_200 },
        { name: "top/link", body: "a", mode: 0o120777, stored: true, mtime: 1_600_000_300 },
      ]),
    ],
    [
      "dos.zip",
      zip([
        { name: "top/a", body: "x", mode: 0, date: [2001, 2, 3, 4, 5, 6] },
        { name: "top/sub/", mode: 0 },
      ]),
    ],
    [
      "dates.zip",
      zip([
        { name: "top/a", body: "x", date: [2021, 7, 1, 12, 0, 2] },
        { name: "top/b", body: "y", date: [2019, 1, 1, 0, 0, 0] },
      ]),
    ],
    [
      "streamed.zip",
      zip([
        { name: "top/a", body: "text ".repeat(50), streamed: true, mtime: 1_600_000_400 },
        { name: "top/b", body: "b", streamed: true, mtime: 1_600_000_400 },
      ]),
    ],
    [
      "climb.zip",
      zip([
        { name: "../../tmp/climbed", body: "x", mtime: 1_600_000_400 },
        { name: "top/a", body: "x", mtime: 1_600_000_400 },
      ]),
    ],
    ["bad-crc.zip", zip([{ name: "top/a", body: "text", crc: 1, mtime: 1_600_000_400 }])],
    ["truncated.zip", zip([{ name: "top/a", body: "text ".repeat(200), stored: true, mtime: 1_600_000_400 }]).slice(0, 300)],
  ])
}

/** The archive of a repository as the forges make it. */
export function repository(name: string, rev: string): Uint8Array {
  const top = `${name}-${rev}`
  return Uint8Array.from(
    gzipSync(
      tar([
        { name: "pax_global_header", type: "g", body: pax({ comment: rev }) },
        dir(top),
        file(`${top}/default.nix`, `{ rev = "${rev}"; }\n`, { mtime: 1_610_000_000 }),
        file(`${top}/README`, `${name}\n`, { mtime: 1_610_000_000 }),
      ]),
    ),
  )
}
