// A whole database as text, for golden files of earlier versions: numbers and names as they are, bytes gzipped in base 64.
import { promisifyRequest } from "idb-keyval"

export interface Dump {
  readonly version: number
  /** The records of each object store. */
  readonly stores: Readonly<Record<string, readonly (readonly [key: string | number, value: unknown])[]>>
}

/** Reads everything. */
export async function dumpDatabase(name: string): Promise<Dump> {
  const database = await promisifyRequest(indexedDB.open(name))
  const stores: Record<string, [string | number, unknown][]> = {}
  for (const store of database.objectStoreNames) {
    const transaction = database.transaction(store).objectStore(store)
    const [keys, values] = await Promise.all([promisifyRequest(transaction.getAllKeys()), promisifyRequest(transaction.getAll())])
    const records: [string | number, unknown][] = []
    for (let i = 0; i < keys.length; i++) records.push([keys[i] as string | number, await toText(values[i])])
    stores[store] = records
  }
  const { version } = database
  database.close()
  return { version, stores }
}

/** Makes the database that a dump describes, with nothing of the engine's help. */
export async function restoreDatabase(name: string, dump: Dump): Promise<void> {
  const request = indexedDB.open(name, dump.version)
  request.onupgradeneeded = () => {
    for (const store of Object.keys(dump.stores)) request.result.createObjectStore(store)
  }
  const database = await promisifyRequest(request)
  for (const [store, records] of Object.entries(dump.stores)) {
    const values: [string | number, unknown][] = []
    for (const [key, value] of records) values.push([key, await fromText(value)])
    const transaction = database.transaction(store, "readwrite")
    for (const [key, value] of values) transaction.objectStore(store).put(value, key)
    await promisifyRequest(transaction)
  }
  database.close()
}

async function toText(value: unknown): Promise<unknown> {
  if (value instanceof Uint8Array) return { bytes: btoa(latin1(await through(new Uint8Array(value), new CompressionStream("gzip")))) }
  if (value instanceof Uint32Array) return { words: [...value] }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  const fields: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) fields[name] = await toText(field)
  return { fields }
}

async function fromText(value: unknown): Promise<unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  const tagged = value as { bytes?: string; words?: number[]; fields?: Record<string, unknown> }
  if (tagged.bytes !== undefined) {
    const zipped = Uint8Array.from(atob(tagged.bytes), (character) => character.charCodeAt(0))
    return through(zipped, new DecompressionStream("gzip"))
  }
  if (tagged.words !== undefined) return Uint32Array.from(tagged.words)
  const fields: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(tagged.fields ?? {})) fields[name] = await fromText(field)
  return fields
}

async function through(bytes: Uint8Array<ArrayBuffer>, filter: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(filter)).arrayBuffer())
}

function latin1(bytes: Uint8Array): string {
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
