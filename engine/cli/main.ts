#!/usr/bin/env node
// The command line: `thunkpad COMMAND …`.

import { initHashes } from "../formats/hash/digest.ts"
import { instantiate } from "./instantiate.ts"
import { repl } from "./repl.ts"
import { processStreams, Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

const usage = `Usage: thunkpad COMMAND [OPTIONS]

  instantiate   evaluate Nix files or expressions as nix-instantiate does
  repl          evaluate interactively as nix repl does

Each command takes Nix's own options; thunkpad adds
  --run auto|closures|stepper   how to run the evaluator
  --max-steps N, --timeout S    stop after N function calls or S seconds
  --stats                       print statistics as JSON to standard error
`

async function main(argv: readonly string[]): Promise<number> {
  await initHashes()
  const [command, ...rest] = argv
  try {
    const session = new Session(processStreams())
    switch (command) {
      case "instantiate":
        return instantiate(rest, session)
      case "repl":
        return await repl(rest, session)
      case "--version":
        session.out("thunkpad 0.1.0 (Nix language 2.36)\n")
        return 0
      case "--help":
      case "help":
      case undefined:
        session.out(usage)
        return command === undefined ? 1 : 0
      default:
        throw new UsageError(`'${command}' is not a recognised command`)
    }
  } catch (e) {
    if (!(e instanceof UsageError)) throw e
    process.stderr.write(`error: ${e.message}\nTry 'thunkpad --help' for more information.\n`)
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))
