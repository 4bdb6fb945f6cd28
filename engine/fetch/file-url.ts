// The path in a `file:` address. C++ Nix: urlPathToPath

import { reading } from "../eval/format-fault.ts"
import { canonPath } from "../eval/path.ts"
import { parseUrl, segmentsToPath } from "../formats/url/url.ts"

/** The absolute path that a `file:` address names; a Nix error for what names none. */
export function filePath(url: string): string {
  return reading(() => canonPath(`/${segmentsToPath(parseUrl(url).path)}`))
}
