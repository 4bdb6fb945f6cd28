// What it takes to have some outputs: which derivations are to be built, which outputs a binary cache has, which are here. From the top:
// what a cache has needs nothing of what is below it. C++ Nix: libstore/misc.cc queryMissing

import { StoreError } from "../castore/error.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import { type Derivation, hasDynamicInputs, outputPath } from "../formats/derivation/derivation.ts"
import { derivationOptions } from "../formats/derivation/options.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { Store } from "../store/store.ts"
import type { Missing, SubstituteOptions } from "../store/substitute.ts"

/** Outputs of a derivation that somebody wants. */
export interface WantedOutputs {
  readonly drvPath: StorePath
  readonly outputs: "all" | Iterable<string>
}

/** What brings objects in from binary caches. */
export interface BuildSubstituter {
  queryMissing(paths: Iterable<StorePath>, signal?: AbortSignal): Promise<Missing>
  substitute(paths: Iterable<StorePath>, options?: SubstituteOptions): Promise<unknown>
}

export interface PlannedDerivation {
  readonly drvPath: StorePath
  readonly drv: Derivation
  readonly action: "none" | "substitute" | "build"
  readonly outputs: ReadonlySet<string>
  /** Of the wanted outputs, as far as they are known before it is built. */
  readonly paths: ReadonlyMap<string, StorePath | undefined>
  /** Derivations whose outputs it needs, if it is built. */
  readonly inputs: readonly StorePath[]
  /** What a cache would be asked for, in bytes of files; 0 unless it is substituted. */
  readonly downloadSize: number
}

export interface PlanOptions {
  readonly store: Store
  readonly substituter?: BuildSubstituter | undefined
  /** Paths of outputs that followed from their content, by `DERIVATION!OUTPUT`. */
  readonly realised: ReadonlyMap<string, StorePath>
  /** Derivations that are built whatever caches have. */
  readonly always?: ReadonlySet<StorePath> | undefined
  /** Built although they are here. */
  readonly again?: ReadonlySet<StorePath> | undefined
  /** Told of caches that cannot be asked. */
  readonly warn?: ((message: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The names of the outputs that are wanted. Throws StoreError `invalid` for one that is not there. */
export function outputNames(store: Store, drvPath: StorePath, drv: Derivation, wanted: WantedOutputs["outputs"]): string[] {
  if (wanted === "all") return [...drv.outputs.keys()]
  const names = [...new Set(wanted)]
  const unknown = names.find((name) => !drv.outputs.has(name))
  if (unknown !== undefined)
    throw new StoreError("invalid", `derivation '${store.print(drvPath)}' does not have an output named '${unknown}'`)
  return names
}

/** The path of an output, if it is known. */
export function knownOutput(
  store: Store,
  drvPath: StorePath,
  drv: Derivation,
  name: string,
  realised: ReadonlyMap<string, StorePath>,
): StorePath | undefined {
  const output = drv.outputs.get(name)
  const path = output === undefined ? undefined : outputPath(output, drv.name, name, store.storeDir)
  return path ?? realised.get(`${drvPath}!${name}`)
}

/** Plans; what was planned before in `plan` is kept, and may get more outputs. Throws `absent`, `invalid`, `damaged`, `cancelled`. */
export async function planBuild(
  wanted: Iterable<WantedOutputs>,
  options: PlanOptions,
  plan = new Map<StorePath, PlannedDerivation>(),
): Promise<Map<StorePath, PlannedDerivation>> {
  let next = [...wanted]
  while (next.length > 0) {
    throwIfCancelled(options.signal)
    // The same derivation may be wanted from several sides.
    const merged = new Map<StorePath, Set<string> | "all">()
    for (const { drvPath, outputs } of next) {
      const before = merged.get(drvPath)
      merged.set(drvPath, before === "all" || outputs === "all" ? "all" : new Set([...(before ?? []), ...outputs]))
    }
    const found = await Promise.all([...merged].map(([drvPath, outputs]) => planOne(drvPath, outputs, options, plan.get(drvPath))))
    next = []
    for (const planned of found) {
      const before = plan.get(planned.drvPath)
      plan.set(planned.drvPath, planned)
      if (planned.action !== "build" || before?.action === "build") continue
      for (const [drvPath, { outputs }] of planned.drv.inputDrvs) next.push({ drvPath, outputs })
    }
  }
  return plan
}

async function planOne(
  drvPath: StorePath,
  wanted: ReadonlySet<string> | "all",
  options: PlanOptions,
  before: PlannedDerivation | undefined,
): Promise<PlannedDerivation> {
  const { store, substituter, realised } = options
  const drv = before?.drv ?? (await store.derivation(drvPath))
  if (hasDynamicInputs(drv)) {
    throw new StoreError("unsupported", `'${store.print(drvPath)}' needs outputs of derivations that are outputs themselves`)
  }
  const outputs = new Set([...(before?.outputs ?? []), ...outputNames(store, drvPath, drv, wanted)])
  const paths = new Map([...outputs].map((name) => [name, knownOutput(store, drvPath, drv, name, realised)] as const))
  const planned = (action: PlannedDerivation["action"], downloadSize = 0): PlannedDerivation => ({
    drvPath,
    drv,
    action,
    outputs,
    paths,
    inputs: action === "build" ? [...drv.inputDrvs.keys()] : [],
    downloadSize,
  })
  if (before?.action === "build" || options.again?.has(drvPath) === true) return planned("build")
  const known = [...paths.values()].filter((path) => path !== undefined)
  if (known.length < outputs.size) return planned("build")
  const here = await store.queryMany(known)
  if (here.every((info) => info !== null)) return planned("none")
  if (substituter === undefined || options.always?.has(drvPath) === true || !derivationOptions(drv).allowSubstitutes)
    return planned("build")
  try {
    const missing = await substituter.queryMissing(
      known.filter((_, i) => here[i] === null),
      options.signal,
    )
    return missing.absent.length === 0 ? planned("substitute", missing.downloadSize) : planned("build")
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === "cancelled") throw error
    options.warn?.(`binary caches were passed over for '${store.print(drvPath)}': ${error.message}`)
    return planned("build")
  }
}
