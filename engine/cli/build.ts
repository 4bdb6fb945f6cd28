// `thunkpad build --endpoint URL [FLAGS] DRV[^OUTPUT,…]… | --expr EXPR`: builds derivations of a store in a folder at an endpoint; the
// outputs are brought into the folder, with all they refer to, and their paths printed. C++ Nix: src/nix/build.cc, nix-store --realise

import type { WantedOutputs } from "../build/build-plan.ts"
import { failureText } from "../build/eval-builder.ts"
import { Attrs } from "../eval/attrs.ts"
import { reading } from "../eval/format-fault.ts"
import { findPackages } from "../eval/package-info.ts"
import { isDerivationPath, parseStorePath } from "../formats/store-path/store-path.ts"
import { Substituter } from "../store/substitute.ts"
import { type Arguments, readArguments } from "./command.ts"
import { FolderBuilder } from "./folder-builder.ts"
import { bytes } from "./host.ts"
import type { Session } from "./session.ts"
import type { StoreFolder } from "./store-folder.ts"
import { cacheFlags, cachesOf } from "./store-substitute.ts"
import { UsageError } from "./usage-error.ts"

const flags = {
  switches: [["-k", "--keep-going"], ...cacheFlags.switches],
  values: ["--expr", ...cacheFlags.values],
} as const

/** Runs the command. */
export async function build(argv: readonly string[], session: Session): Promise<number> {
  const given = readArguments(argv, session, flags)
  const where = session.endpoint
  if (where === null) throw new UsageError("'--endpoint URL' is wanted: where is built")
  const folder = session.requireStore()
  const wanted = await wantedOf(given, session, folder)
  if (wanted.length === 0) throw new UsageError("at least one derivation is wanted")
  const caches = given.get("--from") === undefined ? undefined : cachesOf(given, folder.storeDir)
  const builder = new FolderBuilder(folder, {
    ...where,
    ...(caches === undefined ? {} : { substituter: (store) => new Substituter(store, caches) }),
  })
  try {
    const { outputs, failures } = await builder.build(wanted, { keepGoing: given.has("--keep-going") })
    for (const infos of outputs.values()) for (const { path } of infos.values()) session.out(`${folder.print(path)}\n`)
    for (const { drvPath } of wanted)
      if (failures.has(drvPath)) session.err(bytes(`error: ${failureText(builder.store, drvPath, failures)}`))
    return failures.size === 0 ? 0 : 1
  } finally {
    builder.close()
  }
}

async function wantedOf(given: Arguments, session: Session, folder: StoreFolder): Promise<WantedOutputs[]> {
  const wanted = given.positional.map((text) => {
    const [path, outputs] = text.split("^", 2) as [string, string?]
    const drvPath = reading(() => parseStorePath(path, folder.storeDir))
    if (!isDerivationPath(drvPath)) throw new UsageError(`'${path}' is no derivation`)
    return { drvPath, outputs: outputs === undefined || outputs === "*" ? ("all" as const) : outputs.split(",") }
  })
  const expr = given.get("--expr")
  if (expr === undefined) return wanted
  const evaluator = session.evaluator("read-write")
  const { rt } = evaluator
  const root = evaluator.cell(evaluator.load(expr, { kind: "string" }, session.cwd))
  const found = await evaluator.settle(() =>
    findPackages(rt, root, Attrs.ofMap(new Map(), null)).map((info) => ({ drvPath: info.drvPath(rt), output: info.outputName(rt) })),
  )
  folder.flush()
  return [
    ...wanted,
    ...found.map(({ drvPath, output }) => ({
      drvPath: reading(() => parseStorePath(drvPath, folder.storeDir)),
      outputs: output === "" ? ("all" as const) : [output],
    })),
  ]
}
