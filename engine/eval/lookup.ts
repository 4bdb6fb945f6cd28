// A name that is looked up at one place of a program again and again: the shape of the last set and the index in it
// are remembered, which saves half of all searches in shapes of a package set.

import type { Attrs } from "./attrs.ts"
import type { Shape } from "./shape.ts"
import type { Cell } from "./value.ts"

export class Lookup {
  readonly name: string
  private shape: Shape | null = null
  private index = -1

  constructor(name: string) {
    this.name = name
  }

  /** The cell of the name in a set, or undefined. */
  in(set: Attrs): Cell | undefined {
    const { shape } = set
    if (shape === null) return set.get(this.name)
    if (shape !== this.shape) {
      this.index = shape.find(this.name)
      this.shape = shape
    }
    return this.index < 0 ? undefined : set.at(this.index)
  }
}
