// Objects in the order in which they can be registered. C++ Nix: libstore/misc.cc topoSortPaths

import type { PathInfo } from "../formats/narinfo/path-info.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"

/** Infos in an order in which references come before what refers to them; of a circle, any comes first. */
export function dependenciesFirst<Info extends Pick<PathInfo, "path" | "references">>(infos: Iterable<Info>): Info[] {
  const byPath = new Map<StorePath, Info>()
  for (const info of infos) byPath.set(info.path, info)
  const sorted: Info[] = []
  const left = new Map(byPath)
  const open: { readonly info: Info; readonly rest: StorePath[] }[] = []
  const enter = (info: Info): void => {
    left.delete(info.path)
    open.push({ info, rest: [...info.references].reverse() })
  }
  for (const root of byPath.values()) {
    if (left.has(root.path)) enter(root)
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.rest.pop()
      if (next === undefined) {
        sorted.push(top.info)
        open.pop()
      } else {
        const info = left.get(next)
        if (info !== undefined) enter(info)
      }
    }
  }
  return sorted
}
