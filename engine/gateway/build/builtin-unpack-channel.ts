// builtin:unpack-channel, by which nix-channel takes a tarball apart: the one thing in it gets the channel's name.
// C++ Nix: libstore/builtins/unpack-channel.cc

import { ingestTar } from "../../castore/archive-tar.ts"
import { ingestZip } from "../../castore/archive-zip.ts"
import { directoryNode, directoryOf } from "../../castore/directory.ts"
import { StoreError } from "../../castore/error.ts"
import type { Node } from "../../castore/node.ts"
import type { TreeStores } from "../../castore/render-nar.ts"
import { directoryOfNode } from "../../castore/walk.ts"
import { openArchive } from "../../fetch/archive-format.ts"
import { spool } from "../../fetch/spool.ts"
import type { BuildJob } from "./build-job.ts"
import { attribute, onlyOutput } from "./builtin-attribute.ts"
import { BuildFailure, type BuildLimits, type BuildWatch } from "./executor.ts"
import { InputFiles } from "./input-files.ts"

/** Unpacks. Throws BuildFailure, StoreError. */
export async function unpackChannel(stores: TreeStores, job: BuildJob, limits: BuildLimits, watch: BuildWatch): Promise<Node> {
  onlyOutput(job)
  const [name, src] = [attribute(job, "channelName"), attribute(job, "src")]
  if (name === "" || name === "." || name === ".." || name.includes("/"))
    throw new BuildFailure("builder", `channelName is not allowed to contain filesystem separators, got ${name}`)
  const found = await new InputFiles(stores, job).find(src)
  if (found?.node.kind !== "file") throw new BuildFailure("builder", `failed to open archive: '${src}' is no file here`)
  const reader = await stores.blobs.open(found.node.digest)
  if (reader === null) throw new StoreError("absent", `the blob ${found.node.digest} is absent`)
  const root = await unpacked(stores, reader.stream(), src, limits, watch)
  const entries = root.kind === "directory" ? [...(await directoryOfNode(stores.directories, root.digest)).values()] : []
  const [only] = entries
  if (only === undefined) throw new BuildFailure("builder", `channel tarball '${src}' is empty`)
  if (entries.length > 1) throw new BuildFailure("builder", `channel tarball '${src}' contains more than one file`)
  const directory = directoryOf([[name, only]])
  await stores.directories.putMany([directory])
  return directoryNode(directory)
}

async function unpacked(
  stores: TreeStores,
  bytes: AsyncIterable<Uint8Array>,
  src: string,
  { outputBytes, outputEntries }: BuildLimits,
  { signal }: BuildWatch,
): Promise<Node> {
  const options = { unwrap: "none", limits: { bytes: outputBytes, entries: outputEntries }, signal } as const
  try {
    const { format, chunks } = await openArchive(bytes)
    if (format === "zip") return (await ingestZip(await spool(chunks, stores.blobs), stores, options)).node
    if (format === "tar") return (await ingestTar(chunks, stores, options)).node
    await chunks.return(undefined)
    throw new BuildFailure("builder", `failed to open archive '${src}': Unrecognized archive format`)
  } catch (error) {
    if (error instanceof StoreError && ["damaged", "invalid", "unsupported"].includes(error.code))
      throw new BuildFailure("builder", `cannot unpack '${src}': ${error.message}`, { cause: error })
    throw error
  }
}
