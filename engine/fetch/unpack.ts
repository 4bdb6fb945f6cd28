// Unpacks what was downloaded: any compression, tar or zip, and a lone directory at the top taken off.
// C++ Nix: libutil/tarfile.cc, which leaves it to libarchive

import type { IngestedArchive } from "../castore/archive-entry.ts"
import { ingestTar } from "../castore/archive-tar.ts"
import { ingestZip } from "../castore/archive-zip.ts"
import { StoreError } from "../castore/error.ts"
import { openArchive } from "./archive-format.ts"
import { type FetchContext, nixError } from "./fetch-context.ts"
import { spool } from "./spool.ts"

/**
 * Unpacks an archive into the castore of the store: its tree, and the time of its newest entry. An empty file is an empty tree. Throws
 * NixError for what is no good archive, and what `body` throws; `url` is for the messages.
 */
export async function unpack(ctx: FetchContext, url: string, body: AsyncIterable<Uint8Array>): Promise<IngestedArchive> {
  const { maxUnpacked, maxEntries } = ctx.settings
  const options = {
    unwrap: "lone-directory" as const,
    names: "from-top" as const,
    limits: { bytes: maxUnpacked, entries: maxEntries },
    signal: ctx.signal,
  }
  try {
    const { format, chunks } = await openArchive(body)
    if (format === "zip") return await ingestZip(await spool(chunks, ctx.store.blobs), ctx.store, options)
    if (format === "tar" || format === "empty") return await ingestTar(chunks, ctx.store, options)
    await chunks.return(undefined)
    throw nixError("Failed to open archive (Unrecognized archive format)")
  } catch (e) {
    if (e instanceof StoreError && ["damaged", "invalid", "unsupported"].includes(e.code))
      throw nixError(`cannot unpack '${url}': ${e.message}`)
    throw e
  }
}
