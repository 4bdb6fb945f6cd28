// Inputs in messages.

import { reading } from "../eval/format-fault.ts"
import { type InputAttrs, inputToUrl } from "../formats/flake/input.ts"
import { type Hash, parseSri } from "../formats/hash/hash.ts"
import { printUrl } from "../formats/url/url.ts"

/** An input as a URL, as messages name it. */
export function showInput(input: InputAttrs): string {
  return reading(() => printUrl(inputToUrl(input)))
}

/** The hash that an input is locked by, or null. C++ Nix: Input::getNarHash */
export function inputNarHash(input: InputAttrs): Hash | null {
  const text = input.get("narHash")
  if (typeof text !== "string") return null
  return text === "" ? { algo: "sha256", bytes: new Uint8Array(32) } : reading(() => parseSri(text))
}
