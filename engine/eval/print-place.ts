// Positions as bytes: origin names are text (with « »), everything the evaluator prints is bytes.

import { type Origin, originName, type Place, type Sources } from "../lang/source.ts"

/** How an origin is written in messages. Paths are bytes already. */
export function originBytes(origin: Origin): string {
  return origin.kind === "file" ? origin.path : originName(origin).replaceAll("\u00ab", "\xc2\xab").replaceAll("\u00bb", "\xc2\xbb")
}

/** `FILE:LINE:COLUMN` in bytes. */
export function placeBytes(place: Place): string {
  return `${originBytes(place.source.origin)}:${place.line}:${place.column}`
}

/** The same for a position; without one what C++ Nix prints for its empty position. */
export function posBytes(sources: Sources, pos: number): string {
  const place = sources.place(pos)
  return place === undefined ? "\xc2\xabnone\xc2\xbb:0" : placeBytes(place)
}
