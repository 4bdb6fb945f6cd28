// thunkpad.gateway.v1.StoreService: the companion for browsers (engine/proto/gateway.proto).

import type { ServiceImpl } from "@connectrpc/connect"
import type { BlobStore } from "../castore/blob-store.ts"
import { type B3Digest, digestBytes } from "../castore/digest.ts"
import { directoryFromBytes, directoryToBytes } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import { inParallel } from "../castore/rpc-companion.ts"
import { parseNix32 } from "../formats/hash/nix32.ts"
import type { StoreService } from "../proto/gen/gateway_pb.ts"
import { pathInfoMessage, pathInfoOfMessage } from "../store/rpc-path-info.ts"
import type { Stores } from "../store/stores.ts"
import { type Account, accountKey } from "./account.ts"
import { checkAdmission } from "./admission.ts"
import { digestOf } from "./blob-service.ts"
import type { BuildCount } from "./build/build-queue.ts"
import { asInvalid } from "./directory-service.ts"
import type { Limits } from "./limits.ts"
import { hashPartOf } from "./path-info-service.ts"
import type { Uploads } from "./uploads.ts"

export interface StoreServiceOptions {
  readonly stores: Stores
  readonly limits: Limits
  readonly uploads: Uploads
  readonly writable: boolean
  /** "name:base64", or "". */
  readonly publicKey: string
  readonly fetchProxy: boolean
  /** How many builds of an account run and wait. */
  readonly countBuilds: (account: Account) => BuildCount
  /** Throws if nothing may be written. */
  readonly checkWritable: () => void
}

/** How many reads are under way at once for one call. */
const width = 16

export function storeService(options: StoreServiceOptions): ServiceImpl<typeof StoreService> {
  const { stores, limits, uploads, checkWritable } = options
  const counted = <T>(things: readonly T[]): readonly T[] => {
    if (things.length <= limits.items) return things
    throw new StoreError("quota", `a call has more than ${limits.items} things`)
  }
  return {
    describe: (_, { values }) => ({
      software: "thunkpad",
      limits: {
        messageBytes: BigInt(limits.messageBytes),
        partBytes: BigInt(limits.partBytes),
        items: limits.items,
        blobBytes: BigInt(limits.blobBytes),
      },
      writable: options.writable,
      publicKey: options.publicKey,
      fetchProxy: options.fetchProxy,
      account: accountMessage(values.get(accountKey), options.countBuilds),
    }),

    async findMissing(request) {
      const blobs = counted(request.blobs).map(digestOf)
      const directories = counted(request.directories).map(digestOf)
      const paths = counted(request.paths).map(hashPartOf)
      const [missing, found, infos] = await Promise.all([
        stores.blobs.missing(blobs),
        stores.directories.getMany(directories),
        stores.infos.getMany(paths),
      ])
      return {
        blobs: [...missing].map(digestBytes),
        directories: directories.filter((_, i) => found[i] === null).map(digestBytes),
        paths: paths.filter((_, i) => infos[i] === null).map(parseNix32),
      }
    },

    async putBlobs(request, { values }) {
      checkWritable()
      values.get(accountKey).charge(sizeOf(request.blobs))
      return { digests: (await stores.blobs.putMany(counted(request.blobs))).map(digestBytes) }
    },

    beginBlob(_, { values }) {
      checkWritable()
      values.get(accountKey).check(0)
      return { upload: uploads.begin(), received: 0n }
    },

    async putBlobPart({ upload, offset, data }, { values }) {
      checkWritable()
      values.get(accountKey).charge(data.length)
      return { upload, received: BigInt(await uploads.part(upload, Number(offset), data)) }
    },

    async finishBlob({ upload, digest }) {
      checkWritable()
      return { digest: digestBytes(await uploads.finish(upload, digestOf(digest))) }
    },

    abortBlob({ upload }) {
      uploads.abort(upload)
      return {}
    },

    async getBlobs(request) {
      return { blobs: await readBlobs(stores.blobs, counted(request.digests).map(digestOf), limits.messageBytes) }
    },

    async putDirectories(request, { values }) {
      checkWritable()
      values.get(accountKey).charge(sizeOf(request.directories))
      const directories = asInvalid(() => counted(request.directories).map(directoryFromBytes))
      return { digests: (await stores.directories.putMany(directories)).map(digestBytes) }
    },

    async getDirectories(request) {
      const found = await stores.directories.getMany(counted(request.digests).map(digestOf))
      const directories: { directory?: Uint8Array<ArrayBuffer> }[] = []
      let size = 0
      for (const directory of found) {
        const bytes = directory === null ? undefined : directoryToBytes(directory)
        size += bytes?.length ?? 0
        if (size > limits.messageBytes && directories.length > 0) break
        directories.push(bytes === undefined ? {} : { directory: bytes })
      }
      return { directories }
    },

    async putPathInfos(request) {
      checkWritable()
      const infos = counted(request.infos).map(pathInfoOfMessage)
      for (const info of infos) await checkAdmission(stores, info)
      await stores.infos.putMany(infos)
      return {}
    },

    async getPathInfos(request) {
      const found = await stores.infos.getMany(counted(request.hashes).map(hashPartOf))
      return { infos: found.map((info) => (info === null ? {} : { info: pathInfoMessage(info) })) }
    },
  }
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

function accountMessage(account: Account, countBuilds: (account: Account) => BuildCount) {
  const { name, quota, usage } = account
  const { running, waiting } = countBuilds(account)
  return {
    name,
    buildsRunning: running,
    buildsWaiting: waiting,
    bytesToday: BigInt(usage.today),
    bytesTotal: BigInt(usage.total),
    ...(quota.builds === undefined ? {} : { quotaBuilds: quota.builds }),
    ...(quota.waiting === undefined ? {} : { quotaWaiting: quota.waiting }),
    ...(quota.bytesPerDay === undefined ? {} : { quotaBytesPerDay: BigInt(quota.bytesPerDay) }),
    ...(quota.bytes === undefined ? {} : { quotaBytes: BigInt(quota.bytes) }),
  }
}

/** Blobs as long as there is room for them: at most `room` bytes, but at least the first. */
async function readBlobs(
  blobs: BlobStore,
  digests: readonly B3Digest[],
  room: number,
): Promise<{ data?: Uint8Array; tooLarge?: boolean }[]> {
  const results: { data?: Uint8Array; tooLarge?: boolean }[] = []
  const large = room / 4
  let left = room
  for (let at = 0; at < digests.length; ) {
    const readers = await inParallel(digests.slice(at, at + width), width, (digest) => blobs.open(digest))
    for (const reader of readers) {
      if (reader === null) results.push({})
      else if (reader.size > large) results.push({ tooLarge: true })
      else {
        left -= reader.size + 16
        if (left < 0) return results
        results.push({ data: await reader.read(0, reader.size) })
      }
    }
    at += readers.length
  }
  return results
}
