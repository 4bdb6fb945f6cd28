// Which inputs of two derivations stand for each other. Equal paths do; then equal names, and where there are several of a
// name: those that were paired before, those that are alike but for hashes, those that are used in the same order;
// at last equal names but for the version.

import { namePart, type StorePath } from "../../store-path/store-path.ts"

/** What decides between candidates of one name. */
export interface Judge {
  /** Whether these two were paired elsewhere. */
  known(left: StorePath, right: StorePath): boolean
  /** A text that is equal for objects that are alike but for hashes. */
  likeness(path: StorePath, side: "left" | "right"): string
  /** Where the path is first used, for an order. */
  place(path: StorePath, side: "left" | "right"): number
}

/** Pairs, and what is left over on each side. */
export interface Pairing {
  readonly pairs: readonly (readonly [StorePath, StorePath])[]
  readonly left: readonly StorePath[]
  readonly right: readonly StorePath[]
}

/** A name up to its version: "-" and something that is no letter. C++ Nix: DrvName */
function nameWithoutVersion(name: string): string {
  return /^(.*?)-[^a-zA-Z]/.exec(name)?.[1] ?? name.replace(/\.drv$/, "")
}

function group(paths: Iterable<StorePath>, keyOf: (path: StorePath) => string): Map<string, StorePath[]> {
  const groups = new Map<string, StorePath[]>()
  for (const path of paths) {
    const key = keyOf(path)
    const members = groups.get(key)
    if (members === undefined) groups.set(key, [path])
    else members.push(path)
  }
  return groups
}

/** Pairs paths of which none is on both sides. */
export function pairPaths(left: Iterable<StorePath>, right: Iterable<StorePath>, judge: Judge): Pairing {
  const pairs: (readonly [StorePath, StorePath])[] = []
  let leftRest = [...left]
  let rightRest = [...right]
  const pass = (keyOf: (path: StorePath) => string): void => {
    const rightGroups = group(rightRest, keyOf)
    const leftOver: StorePath[] = []
    for (const [key, lefts] of group(leftRest, keyOf)) {
      const rights = rightGroups.get(key)
      if (rights === undefined) leftOver.push(...lefts)
      else leftOver.push(...pairGroup(lefts, rights, judge, pairs))
    }
    leftRest = leftOver
    rightRest = [...rightGroups.values()].flat()
  }
  pass(namePart)
  pass((path) => nameWithoutVersion(namePart(path)))
  return { pairs, left: leftRest.sort(), right: rightRest.sort() }
}

/** Pairs what it can; gives what is left on the left, and takes what was paired out of `rights`. */
function pairGroup(
  lefts: readonly StorePath[],
  rights: StorePath[],
  judge: Judge,
  pairs: (readonly [StorePath, StorePath])[],
): StorePath[] {
  let rest = [...lefts]
  const pairWhere = (fits: (left: StorePath, right: StorePath) => boolean): void => {
    rest = rest.filter((left) => {
      const at = rights.findIndex((right) => fits(left, right))
      if (at < 0) return true
      pairs.push([left, rights.splice(at, 1)[0] as StorePath])
      return false
    })
  }
  if (rest.length > 1 || rights.length > 1) {
    pairWhere((left, right) => judge.known(left, right))
    pairWhere((left, right) => judge.likeness(left, "left") === judge.likeness(right, "right"))
    rest.sort((a, b) => judge.place(a, "left") - judge.place(b, "left"))
    rights.sort((a, b) => judge.place(a, "right") - judge.place(b, "right"))
  }
  pairWhere(() => true)
  return rest
}
