// The derivations that a value holds: itself, the elements of a list, the attributes of a set, further down only
// where `recurseForDerivations` says so. What nix-instantiate, nix-build and nix-env work on. C++ Nix: get-drvs.cc

import { isStorePath, parseStorePath, requireDerivationPath } from "../formats/store-path/store-path.ts"
import { Attrs } from "./attrs.ts"
import { autoCall } from "./auto-call.ts"
import { tooDeep } from "./call.ts"
import { asText, coerceToString } from "./coerce.ts"
import { drive } from "./drive.ts"
import { NixError } from "./error.ts"
import { forceBool, forcePlainString, framed } from "./force.ts"
import { reading } from "./format-fault.ts"
import { isDerivation } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { need, type Step } from "./step.ts"
import { type Cell, isList, type Value } from "./value.ts"

/** A derivation found in a value. */
export class PackageInfo {
  /** Attribute names and list indexes from the root, joined by dots. */
  readonly attrPath: string
  readonly attrs: Attrs

  constructor(attrPath: string, attrs: Attrs) {
    this.attrPath = attrPath
    this.attrs = attrs
  }

  /** Its name. C++ Nix: PackageInfo::queryName */
  name(rt: Runtime): string {
    const cell = this.attrs.get("name")
    if (cell === undefined) throw new NixError("type", "derivation name missing", 0)
    return forcePlainString(rt, cell, 0, "while evaluating the 'name' attribute of a derivation")
  }

  /** The full path of its `.drv`. C++ Nix: PackageInfo::requireDrvPath */
  drvPath(rt: Runtime): string {
    const cell = this.attrs.get("drvPath")
    if (cell === undefined) throw new NixError("error", "derivation does not contain a 'drvPath' attribute", 0)
    const pos = this.attrs.posOf("drvPath")
    const frame = "while evaluating the 'drvPath' attribute of a derivation"
    const { text } = coerceToString(rt, cell, pos, frame, asText)
    const { storeDir } = rt.host
    if (!isStorePath(text, storeDir)) throw new NixError("eval", `path '${text}' is not in the Nix store`, pos).frame(pos, frame)
    try {
      const path = reading(() => parseStorePath(text, storeDir))
      reading(() => requireDerivationPath(path))
      return `${storeDir}/${path}`
    } catch (e) {
      throw framed(e, pos, frame)
    }
  }

  /** The output that is meant, "" if it does not say. C++ Nix: PackageInfo::queryOutputName */
  outputName(rt: Runtime): string {
    const cell = this.attrs.get("outputName")
    return cell === undefined ? "" : forcePlainString(rt, cell, 0, "while evaluating the output name of a derivation")
  }
}

interface Search {
  readonly rt: Runtime
  readonly autoArgs: Attrs
  readonly found: PackageInfo[]
  /** Sets that were taken already: `rec { x = derivation …; y = x; }` counts once. */
  readonly done: Set<Attrs>
}

/** Takes the value if it is a derivation; true if the caller may look further into it. C++ Nix: getDerivation */
function* stepTake(s: Search, v: Value, attrPath: string): Step<boolean> {
  if (!(v instanceof Attrs) || !((yield isDerivation(v)) as boolean)) return true
  if (s.done.has(v)) return false
  s.done.add(v)
  const info = new PackageInfo(attrPath, v)
  info.name(s.rt)
  s.found.push(info)
  return false
}

function* stepSearch(s: Search, cell: Cell, prefix: string): Step<void> {
  const { rt } = s
  const { depth } = rt
  if (depth > rt.maxDepth) throw tooDeep(0)
  if (--rt.fuel < 0) rt.refuel()
  rt.depth = depth + 1
  yield need(cell, 0)
  const v = autoCall(rt, s.autoArgs, cell)
  if ((yield stepTake(s, v, prefix)) as boolean) {
    if (v instanceof Attrs) yield stepSearchSet(s, v, prefix)
    else if (isList(v))
      for (let i = 0; i < v.length; i++) {
        const item = v[i] as Cell
        const path = joinAttrPath(prefix, String(i))
        if ((yield stepTake(s, (yield need(item, 0)) as Value, path)) as boolean) yield stepSearch(s, item, path)
      }
    else throw new NixError("type", "expression does not evaluate to a derivation (or a set or list of those)", 0)
  }
  rt.depth = depth
}

/** Names that packages can have; others are passed over. */
const attrPathComponent = /^[A-Za-z_][A-Za-z0-9\-_+]*$/

function* stepSearchSet(s: Search, set: Attrs, prefix: string): Step<void> {
  const { rt } = s
  const combineChannels = set.has("_combineChannels")
  for (const name of set.sortedNames()) {
    if (!attrPathComponent.test(name)) continue
    const cell = set.get(name) as Cell
    const path = joinAttrPath(prefix, name)
    try {
      if (combineChannels) {
        yield stepSearch(s, cell, path)
        continue
      }
      const v = (yield need(cell, 0)) as Value
      if (!((yield stepTake(s, v, path)) as boolean) || !(v instanceof Attrs)) continue
      const recurse = v.get("recurseForDerivations")
      if (recurse === undefined) continue
      yield need(recurse, v.posOf("recurseForDerivations"))
      const frame = "while evaluating the attribute `recurseForDerivations`"
      if (forceBool(rt, recurse, v.posOf("recurseForDerivations"), frame)) yield stepSearch(s, cell, path)
    } catch (e) {
      throw framed(e, set.posOf(name), `while evaluating the attribute '${name}'`)
    }
  }
}

function joinAttrPath(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`
}

/** All derivations in a value, functions called with `autoArgs` on the way. C++ Nix: getDerivations */
export function findPackages(rt: Runtime, cell: Cell, autoArgs: Attrs): PackageInfo[] {
  const search: Search = { rt, autoArgs, found: [], done: new Set() }
  drive(rt, stepSearch(search, cell, ""))
  return search.found
}
