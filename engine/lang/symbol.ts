// Attribute and variable names, numbered in the order in which they are first seen. Nix keeps sets
// sorted by that number, and it shows: equality, deepSeq and "unexpected argument" follow it.

/** The name table of one evaluator. */
export class Symbols {
  readonly #ids = new Map<string, number>()

  /** The number of a name; a new name gets the next one (C++ Nix: SymbolTable::create). */
  id(name: string): number {
    let id = this.#ids.get(name)
    if (id === undefined) {
      id = this.#ids.size + 1
      this.#ids.set(name, id)
    }
    return id
  }

  /** How many names there are. */
  get count(): number {
    return this.#ids.size
  }

  /** Sorts names by their number, in place. */
  sort(names: string[]): string[] {
    return names.sort((a, b) => this.id(a) - this.id(b))
  }
}
