// What the files of bundles are called.

export const bundleSuffix = ".thunkpad"

/** A name for the bundle of a workspace. */
export function bundleName(workspace: string): string {
  return `${workspace.replace(/[^\w .-]/g, "_")}${bundleSuffix}`
}
