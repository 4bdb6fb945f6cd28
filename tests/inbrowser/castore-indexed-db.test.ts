// The stores in the browser's database: the contract.
import { IndexedDbBlobStore } from "../../engine/castore/indexed-db-blob-store.ts"
import { IndexedDbDirectoryStore } from "../../engine/castore/indexed-db-directory-store.ts"
import { blobStoreContract } from "../castore/blob-store-contract.ts"
import { directoryStoreContract } from "../castore/directory-store-contract.ts"
import { dropDatabase, flipItem, freshDatabase, secondConnection } from "./castore-database.ts"

blobStoreContract("the browser's database", async () => {
  const database = await freshDatabase()
  return {
    store: new IndexedDbBlobStore(database),
    reopen: async () => new IndexedDbBlobStore(await secondConnection(database)),
    repairs: true,
    damage: (digest) => flipItem(database, ["blob", "chunk"], digest),
    close: () => dropDatabase(database),
  }
})

directoryStoreContract("the browser's database", async () => {
  const database = await freshDatabase()
  return {
    store: new IndexedDbDirectoryStore(database),
    reopen: async () => new IndexedDbDirectoryStore(await secondConnection(database)),
    repairs: true,
    damage: (digest) => flipItem(database, ["directory"], digest),
    close: () => dropDatabase(database),
  }
})
