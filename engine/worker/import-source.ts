// What the user's disk gives on its way into the store: archives, folders, closures of derivations. Loaded when it is needed.

import { importArchive } from "../fetch/import-archive.ts"
import { importDrvs } from "../fetch/import-drvs.ts"
import { importFolder } from "../fetch/import-files.ts"
import type { ImportOptions } from "../fetch/import-options.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { Store } from "../store/store.ts"
import type { ImportSource, StoreFile } from "./protocol.ts"

/** Makes an object of a folder or an archive. Throws StoreError. */
export async function importSource(
  store: Store,
  source: Exclude<ImportSource, { readonly kind: "files" }>,
  options: ImportOptions & { readonly name: string },
): Promise<StorePath> {
  const { path } =
    source.kind === "folder"
      ? await importFolder(store, source.folder, { ...options, ignore: source.ignore ?? [], executables: "scripts" })
      : await importArchive(store, source.file, source.fileName, options)
  if (path === null) throw new RangeError("an import with a name makes an object")
  return path
}

/** Adds derivations and their sources. Throws StoreError. */
export function importDerivations(store: Store, files: readonly StoreFile[], options: Omit<ImportOptions, "name">): Promise<StorePath[]> {
  return importDrvs(store, files, options)
}
