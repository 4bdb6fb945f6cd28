// Path infos as the messages of snix.store.v1. The message has no place for the time of registration, for whether a path was
// built here, nor for another store than /nix/store. Snix: store/src/proto/mod.rs (the rules), store/src/path_info.rs

import { create } from "@bufbuild/protobuf"
import { StoreError } from "../castore/error.ts"
import { entryMessage, entryOfMessage } from "../castore/rpc-message.ts"
import { FormatError } from "../formats/error.ts"
import type { HashAlgo } from "../formats/hash/algo.ts"
import { hashSize } from "../formats/hash/algo.ts"
import { parseNix32, printNix32 } from "../formats/hash/nix32.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import { type Signature, sortSignatures } from "../formats/narinfo/signature.ts"
import type { ContentAddress, ContentAddressMethod } from "../formats/store-path/content-address.ts"
import {
  defaultStoreDir,
  hashPart,
  isDerivationPath,
  namePart,
  parseBaseName,
  type StorePath,
  storePathFromParts,
} from "../formats/store-path/store-path.ts"
import { type NARInfo, NARInfo_CA_Hash, type PathInfo, PathInfoSchema } from "../proto/gen/store_pb.ts"
import type { StoredPath } from "./path-info-store.ts"

const addresses: readonly (readonly [NARInfo_CA_Hash, ContentAddressMethod, HashAlgo])[] = [
  [NARInfo_CA_Hash.NAR_SHA256, "nar", "sha256"],
  [NARInfo_CA_Hash.NAR_SHA1, "nar", "sha1"],
  [NARInfo_CA_Hash.NAR_SHA512, "nar", "sha512"],
  [NARInfo_CA_Hash.NAR_MD5, "nar", "md5"],
  [NARInfo_CA_Hash.TEXT_SHA256, "text", "sha256"],
  [NARInfo_CA_Hash.FLAT_SHA1, "flat", "sha1"],
  [NARInfo_CA_Hash.FLAT_MD5, "flat", "md5"],
  [NARInfo_CA_Hash.FLAT_SHA256, "flat", "sha256"],
  [NARInfo_CA_Hash.FLAT_SHA512, "flat", "sha512"],
]

function digestOf(path: StorePath): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parseNix32(hashPart(path)))
}

/** The message of a path info. Throws StoreError `unsupported` for what the message cannot say. */
export function pathInfoMessage(info: StoredPath): PathInfo {
  if (info.storeDir !== defaultStoreDir) {
    throw new StoreError("unsupported", `path infos of the store ${info.storeDir} cannot be sent: the protocol is for ${defaultStoreDir}`)
  }
  return create(PathInfoSchema, {
    entry: entryMessage(info.node, info.path),
    references: info.references.map(digestOf),
    narinfo: {
      narSize: BigInt(info.narSize),
      narSha256: new Uint8Array(info.narHash.bytes),
      signatures: info.signatures.map(({ keyName, bytes }) => ({ name: keyName, data: new Uint8Array(bytes) })),
      referenceNames: [...info.references],
      ...(info.deriver === undefined ? {} : { deriver: deriverMessage(info.deriver) }),
      ...(info.ca === undefined ? {} : { ca: addressMessage(info.ca) }),
    },
  })
}

function deriverMessage(path: StorePath): { name: string; digest: Uint8Array<ArrayBuffer> } {
  const name = namePart(path)
  return { name: isDerivationPath(path) ? name.slice(0, -4) : name, digest: digestOf(path) }
}

function addressMessage({ method, hash }: ContentAddress): { type: NARInfo_CA_Hash; digest: Uint8Array<ArrayBuffer> } {
  const found = addresses.find(([, m, algo]) => m === method && algo === hash.algo)
  if (found === undefined) throw new StoreError("unsupported", `the protocol has no content address by ${method} and ${hash.algo}`)
  return { type: found[0], digest: new Uint8Array(hash.bytes) }
}

function bad(why: string): never {
  throw new StoreError("invalid", `a path info is invalid: ${why}`)
}

/** What a message says. Throws StoreError `invalid` if it breaks a rule of the protocol. */
export function pathInfoOfMessage(message: PathInfo): StoredPath {
  const { entry, narinfo } = message
  if (entry === undefined) return bad("it has no entry")
  if (narinfo === undefined) return bad("it has no narinfo")
  try {
    const { name, node } = entryOfMessage(entry)
    if (narinfo.narSha256.length !== 32) bad(`its NAR hash has ${narinfo.narSha256.length} bytes, not 32`)
    if (narinfo.narSize > BigInt(Number.MAX_SAFE_INTEGER)) bad(`its NAR size is ${narinfo.narSize}`)
    return {
      path: parseBaseName(name),
      storeDir: defaultStoreDir,
      node,
      narHash: { algo: "sha256", bytes: narinfo.narSha256 },
      narSize: Number(narinfo.narSize),
      references: referencesOf(message, narinfo),
      deriver: deriverOf(narinfo),
      signatures: sortSignatures(narinfo.signatures.map(signatureOf)),
      ca: addressOf(narinfo),
      registrationTime: 0,
      ultimate: false,
    }
  } catch (error) {
    if (error instanceof FormatError) bad(error.message)
    if (error instanceof StoreError && error.code === "damaged") bad(error.message)
    throw error
  }
}

function referencesOf(message: PathInfo, narinfo: NARInfo): StorePath[] {
  const { references } = message
  const names = narinfo.referenceNames
  if (references.length !== names.length) bad(`it has ${references.length} references but ${names.length} names of them`)
  const paths = names.map(parseBaseName)
  for (const [i, path] of paths.entries()) {
    const digest = references[i]!
    if (digest.length !== 20) bad(`a reference has ${digest.length} bytes, not 20`)
    if (printNix32(digest) !== hashPart(path)) bad(`the reference ${printNix32(digest)} has the name '${path}'`)
  }
  return sortPaths(paths)
}

function deriverOf({ deriver }: NARInfo): StorePath | undefined {
  if (deriver === undefined) return undefined
  if (deriver.digest.length !== 20) bad(`the hash part of the deriver has ${deriver.digest.length} bytes, not 20`)
  return storePathFromParts(deriver.digest, `${deriver.name}.drv`)
}

function signatureOf({ name, data }: { readonly name: string; readonly data: Uint8Array }): Signature {
  if (data.length !== 64) bad(`a signature has ${data.length} bytes, not 64`)
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name)) bad("the name of a signature is empty, or has blanks, colons or other signs")
  return { keyName: name, bytes: data }
}

function addressOf({ ca }: NARInfo): ContentAddress | undefined {
  if (ca === undefined) return undefined
  const found = addresses.find(([type]) => type === ca.type)
  if (found === undefined) return bad(`a content address of the unknown type ${ca.type}`)
  const [, method, algo] = found
  if (ca.digest.length !== hashSize[algo]) bad(`a content address has ${ca.digest.length} bytes, not ${hashSize[algo]}`)
  return { method, hash: { algo, bytes: ca.digest } }
}
