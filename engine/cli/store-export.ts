// `thunkpad store export --to FOLDER|FILE.zip|URL [--compression none|gzip] [--secret-key-file FILE] PATH…`: the closure of store
// paths as a binary cache that Nix substitutes from: a folder, a zip file, or a server that takes PUT.
// C++ Nix: src/nix/copy.cc with a binary cache as destination

import * as fs from "node:fs"
import { reading } from "../eval/format-fault.ts"
import { joinPath, parentPath } from "../eval/path.ts"
import { parseSecretKey, type SecretKey } from "../formats/narinfo/signature.ts"
import { splitStorePath } from "../formats/store-path/store-path.ts"
import { type CacheSink, type ExportOptions, exportClosure, writableCompression } from "../store/cache-export.ts"
import { uploadSink } from "../store/cache-upload.ts"
import { exportZip } from "../store/cache-zip.ts"
import { readArguments } from "./command.ts"
import { raw } from "./host.ts"
import type { Session } from "./session.ts"
import { StoreObjects } from "./store-objects.ts"
import { attempt } from "./tree-writer.ts"
import { UsageError } from "./usage-error.ts"

/** Runs the command. */
export async function storeExport(argv: readonly string[], session: Session): Promise<number> {
  const given = readArguments(argv, session, { values: ["--to", "--compression", ["-k", "--secret-key-file"], "--priority"] })
  const to = given.get("--to")
  if (to === undefined) throw new UsageError("'thunkpad store export' needs '--to' and a folder, a zip file or a URL")
  if (given.positional.length === 0) throw new UsageError("at least one store path is wanted")
  const folder = session.requireStore()
  const paths = given.positional.map((text) => {
    const { path } = reading(() => splitStorePath(text, folder.storeDir))
    folder.require(path)
    return path
  })
  const keyFile = given.get("--secret-key-file")
  const priority = given.get("--priority")
  if (priority !== undefined && !/^[0-9]+$/.test(priority)) throw new UsageError(`'--priority' takes a number, not '${priority}'`)
  const options: ExportOptions = {
    compression: writableCompression(given.get("--compression") ?? "gzip"),
    secretKeys: keyFile === undefined ? [] : [readKey(joinPath(session.cwd, keyFile))],
    priority: priority === undefined ? undefined : Number(priority),
  }
  const store = new StoreObjects(folder)
  if (/^https?:\/\//.test(to)) await exportClosure(store, paths, uploadSink(to), options)
  else if (to.endsWith(".zip")) await writeFile(joinPath(session.cwd, to), exportZip(store, paths, options))
  else await exportClosure(store, paths, folderSink(joinPath(session.cwd, to.replace(/^file:\/\//, ""))), options)
  return 0
}

function readKey(file: string): SecretKey {
  const text = attempt(`opening file '${file}'`, () => fs.readFileSync(raw(file), "latin1"))
  return reading(() => parseSecretKey(text.trim()))
}

/** A folder as the place of an export. */
export function folderSink(root: string): CacheSink {
  return {
    has: async (path) => fs.existsSync(raw(`${root}/${path}`)),
    put: async (path, contents) => {
      const target = `${root}/${path}`
      attempt(`creating directory '${parentPath(target)}'`, () => fs.mkdirSync(raw(parentPath(target)), { recursive: true }))
      await writeFile(target, contents)
    },
  }
}

/** Writes a file, which is there as a whole or not at all. */
async function writeFile(target: string, contents: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = `${target}.tmp-${process.pid}`
  const file = attempt(`opening file '${temporary}'`, () => fs.openSync(raw(temporary), "w"))
  try {
    try {
      for await (const chunk of contents instanceof Uint8Array ? [contents] : contents)
        attempt(`writing file '${temporary}'`, () => {
          for (let at = 0; at < chunk.length; ) at += fs.writeSync(file, chunk, at)
        })
    } finally {
      fs.closeSync(file)
    }
    attempt(`renaming '${temporary}'`, () => fs.renameSync(raw(temporary), raw(target)))
  } finally {
    fs.rmSync(raw(temporary), { force: true })
  }
}
