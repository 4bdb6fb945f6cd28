// Where the attributes of a set were defined. The positions of a literal are an array beside its names; a set made of others
// only points to theirs, since hardly any position is ever asked for (writing them out took as much memory as the cells).

import type { Shape } from "./shape.ts"

/** Positions beside the names of a shape, or where to find them; null if none is known. */
export type Origin = readonly number[] | Origins | null

/** Longer chains are written out. */
const MAX_DEPTH = 8

/** The positions of a set made of others: of `upper` where it has the name, else of `lower`. */
export class Origins {
  readonly upperShape: Shape
  readonly upper: Origin
  readonly lowerShape: Shape
  readonly lower: Origin
  readonly depth: number

  constructor(upperShape: Shape, upper: Origin, lowerShape: Shape, lower: Origin, depth: number) {
    this.upperShape = upperShape
    this.upper = upper
    this.lowerShape = lowerShape
    this.lower = lower
    this.depth = depth
  }
}

function depthOf(origin: Origin): number {
  return origin instanceof Origins ? origin.depth : 0
}

/** The position of an attribute of a set with this shape and origin; 0 if unknown. */
export function positionIn(shape: Shape, origin: Origin, name: string): number {
  if (origin === null || shape.find(name) < 0) return 0
  let at = shape
  let from: Origin = origin
  while (from instanceof Origins) {
    if (from.upperShape.find(name) >= 0) {
      at = from.upperShape
      from = from.upper
    } else {
      at = from.lowerShape
      from = from.lower
    }
  }
  if (from === null) return 0
  const i = at.find(name)
  return i < 0 ? 0 : (from[i] ?? 0)
}

/** The positions beside the names of the shape, or null if there are none. */
export function positionsIn(shape: Shape, origin: Origin): readonly number[] | null {
  return origin instanceof Origins ? shape.names.map((name) => positionIn(shape, origin, name)) : origin
}

/** The origin of `lower // upper`. */
export function originOf(upperShape: Shape, upper: Origin, lowerShape: Shape, lower: Origin): Origin {
  if (upper === null && lower === null) return null
  const depth = Math.max(depthOf(upper), depthOf(lower)) + 1
  if (depth <= MAX_DEPTH) return new Origins(upperShape, upper, lowerShape, lower, depth)
  return new Origins(upperShape, positionsIn(upperShape, upper), lowerShape, positionsIn(lowerShape, lower), 1)
}

/** The origin of a set that has some of the attributes of another. */
export function originOfPart(shape: Shape, origin: Origin): Origin {
  if (origin === null || origin instanceof Origins) return origin
  return new Origins(shape, origin, shape, null, 1)
}
