// Directories and nodes as the messages of snix.castore.v1, by way of their canonical bytes: the rules are checked in one place.

import { fromBinary, toBinary } from "@bufbuild/protobuf"
import { type Directory as DirectoryMessage, DirectorySchema, type Entry, EntrySchema } from "../proto/gen/castore_pb.ts"
import { type B3Digest, b3 } from "./digest.ts"
import { directoryFromBytes, directoryToBytes, entryFromBytes, entryToBytes } from "./directory.ts"
import type { Directory, Node } from "./node.ts"

/** A directory as a message. Throws StoreError `invalid`. */
export function directoryMessage(directory: Directory): DirectoryMessage {
  return fromBinary(DirectorySchema, directoryToBytes(directory))
}

/** The directory that a message stands for, and its digest. Throws `damaged` if it breaks a rule or has fields we do not know. */
export function directoryOfMessage(message: DirectoryMessage): readonly [B3Digest, Directory] {
  const bytes = toBinary(DirectorySchema, message)
  return [b3(bytes), directoryFromBytes(bytes)]
}

/** A node and its name ("" for none) as a message. Throws `invalid`. */
export function entryMessage(node: Node, name = ""): Entry {
  return fromBinary(EntrySchema, entryToBytes(node, name))
}

/** What an entry says, its name "" if it has none. Throws `damaged`. */
export function entryOfMessage(message: Entry): { readonly name: string; readonly node: Node } {
  return entryFromBytes(toBinary(EntrySchema, message))
}
