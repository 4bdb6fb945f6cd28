#!/usr/bin/env node
// The command line: `thunkpad COMMAND …`.

import { initHashes } from "../formats/hash/digest.ts"
import { runReporting } from "./command.ts"
import { derivation } from "./derivation.ts"
import { hash } from "./hash.ts"
import { instantiate } from "./instantiate.ts"
import { nar } from "./nar.ts"
import { repl } from "./repl.ts"
import { processStreams, Session } from "./session.ts"
import { store } from "./store.ts"
import { UsageError } from "./usage-error.ts"

const usage = `Usage: thunkpad COMMAND [OPTIONS]

  instantiate   evaluate Nix files or expressions as nix-instantiate does
  repl          evaluate interactively as nix repl does
  derivation    show, add, diff, explain: as JSON, from JSON, why two differ, how paths come about
  store         add, references, requisites, graph, tree, verify, export, substitute, gc: a store in a folder
  build         build derivations of a store in a folder at an endpoint
  nar           dump, restore, ls, cat: Nix archives
  hash          file, path, convert: hashes of files and trees, and their forms
  gateway       serve a store to browsers and to Nix

thunkpad COMMAND --help tells more of derivation, store, nar, hash and gateway.
Each command takes Nix's own options, --store FOLDER among them; thunkpad adds
  --run auto|closures|stepper   how to run the evaluator
  --max-steps N, --timeout S    stop after N function calls or S seconds
  --stats                       print statistics as JSON to standard error
  --offline                     download nothing: where a hash is known it tells the store path
  --endpoint URL                where is built: for build, for import from derivation and the repl's :b,
                                which need a store; THUNKPAD_ENDPOINT says it too (--token-file FILE)
`

async function main(argv: readonly string[]): Promise<number> {
  await initHashes()
  const ownHelp = ["derivation", "gateway", "hash", "nar", "store"]
  const [command, ...rest] = argv[1] === "--help" && !ownHelp.includes(argv[0] ?? "") ? ["help"] : argv
  try {
    const session = new Session(processStreams())
    switch (command) {
      case "instantiate":
        return await instantiate(rest, session)
      case "repl":
        return await repl(rest, session)
      case "derivation":
        return await derivation(rest, session)
      case "hash":
        return await hash(rest, session)
      case "nar":
        return await nar(rest, session)
      case "store":
        return await store(rest, session)
      case "build": {
        // Likewise loaded only if it is wanted.
        const { build } = await import("./build.ts")
        return await runReporting(build, rest, session)
      }
      case "gateway":
        // Loaded for itself: nothing else needs what it brings.
        return await (await import("./gateway.ts")).gateway(rest, session)
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
