// The commands of the repl that build, and the one that shows what a build wrote. C++ Nix: repl.cc processLine, getDerivationPath;
// get-build-log.cc

import { parseStorePath } from "../formats/store-path/store-path.ts"
import { Attrs } from "./attrs.ts"
import { drive } from "./drive.ts"
import { NixError } from "./error.ts"
import { PackageInfo } from "./package-info.ts"
import { isDerivation } from "./print-value.ts"
import type { Command } from "./repl-commands.ts"
import type { ReplSession } from "./repl-session.ts"

/** The full path of the derivation that an expression is. */
function drvPathOf(session: ReplSession, arg: string): string {
  const { rt } = session.evaluator
  const v = session.evaluate(arg)
  if (!(v instanceof Attrs) || !drive(rt, isDerivation(v)))
    throw new NixError("error", "expression does not evaluate to a derivation, so I can't build it", 0)
  const info = new PackageInfo("", v)
  info.name(rt)
  if (!v.has("drvPath")) throw new NixError("error", "expression did not evaluate to a valid derivation (no 'drvPath' attribute)", 0)
  return info.drvPath(rt)
}

/** `:b`, and `:bl`, which makes roots in the working directory. */
export const build: Command = (session, arg, name) => {
  const drvPath = drvPathOf(session, arg)
  const { rt } = session.evaluator
  const { builder, unable } = session.options
  if (builder?.build === undefined)
    throw new NixError("build-not-allowed", `'${name}' cannot build '${drvPath}': ${unable ?? "nothing can be built here"}`, 0)
  if (rt.host.lstat(drvPath) === null) throw new NixError("error", `expression evaluated to invalid derivation '${drvPath}'`, 0)
  const drv = rt.drvs.read(parseStorePath(drvPath, rt.host.storeDir))
  const outputs = [...drv.outputs.keys()].sort()
  const work = builder.build.bind(builder, drvPath, outputs)
  const paths = session.wait(drvPath, work)
  session.print("result", "\nThis derivation produced the following outputs:\n")
  for (const output of outputs) {
    const path = paths.get(output) as string // all were built
    const link = name === ":bl" ? builder.link?.(output, path) : undefined
    session.print("result", link === undefined ? `  ${output} -> ${path}\n` : `  ./${link} -> ${path}\n`)
  }
}

/** `:log`. */
export const log: Command = (session, arg) => {
  const drvPath = drvPathOf(session, arg)
  const { builder } = session.options
  const read = builder?.log?.bind(builder, drvPath)
  const found = read === undefined ? null : session.wait(drvPath, read)
  if (found === null) throw new NixError("error", `build log of '${drvPath}' is not available`, 0)
  session.notice(`got build log for '${drvPath}' from '${found.from}'`)
  session.print("result", found.text)
}

/** Those that start other programs. */
export const shell: Command = (session, arg, name) => {
  drvPathOf(session, arg)
  throw new NixError("not-yet", `'${name}' is not supported yet: it starts programs of the machine`, 0)
}
