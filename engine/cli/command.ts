// What the smaller commands share: reading their arguments, and turning errors into text and an exit status.

import { StoreError } from "../castore/error.ts"
import { NixError, stopOf } from "../eval/error.ts"
import { renderError } from "../eval/report.ts"
import { FormatError } from "../formats/error.ts"
import { Sources } from "../lang/source.ts"
import { bytes } from "./host.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

/** A command: takes the arguments after its name, gives the exit status. */
export type Command = (argv: readonly string[], session: Session) => number | Promise<number>

/** The flags that a command takes, with other names of them. */
export interface Flags {
  /** Flags without a value: name, or [short name, name]. */
  readonly switches?: readonly (string | readonly [string, string])[]
  /** Flags with one value. */
  readonly values?: readonly (string | readonly [string, string])[]
}

/** Arguments, read. Texts are byte strings. */
export interface Arguments {
  readonly positional: readonly string[]
  has(flag: string): boolean
  get(flag: string): string | undefined
}

function namesOf(list: Flags["switches"] = []): Map<string, string> {
  return new Map(
    list.flatMap((flag) => (typeof flag === "string" ? [[flag, flag]] : flag.map((name) => [name, flag[1]]))) as [string, string][],
  )
}

/** Reads the arguments of a command; flags that all commands know go to the session. Fails with a UsageError. */
export function readArguments(argv: readonly string[], session: Session, flags: Flags): Arguments {
  const switches = namesOf(flags.switches)
  const values = namesOf(flags.values)
  const positional: string[] = []
  const given = new Map<string, string>()
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string
    const [flag, valued] = [switches.get(arg), values.get(arg)]
    if (flag !== undefined) given.set(flag, "")
    else if (valued !== undefined) {
      const value = argv[++i]
      if (value === undefined) throw new UsageError(`flag '${arg}' requires 1 argument(s), but only 0 were given`)
      given.set(valued, bytes(value))
    } else if (/^-[A-Za-z]{2,}$/.test(arg) && [...arg.slice(1)].every((letter) => switches.has(`-${letter}`)))
      for (const letter of arg.slice(1)) given.set(switches.get(`-${letter}`) as string, "")
    else if (arg.startsWith("-") && arg !== "-") {
      const taken = session.readFlag(argv, i)
      if (taken === 0) throw new UsageError(`unrecognised flag '${arg}'`)
      i += taken - 1
    } else positional.push(bytes(arg))
  }
  return { positional, has: (name) => given.has(name), get: (name) => given.get(name) }
}

/** Runs a command: errors in what was read are printed, and what the store has in memory is written. */
export async function runReporting(command: Command, argv: readonly string[], session: Session): Promise<number> {
  try {
    return await command(argv, session)
  } catch (e) {
    if (e instanceof FormatError || e instanceof StoreError) session.err(`error: ${e.message}`)
    else if (e instanceof NixError) session.err(renderError(e, new Sources(), { showTrace: false, color: session.color }))
    else {
      const stop = stopOf(e)
      if (stop === undefined) throw e
      session.err(`error: ${stop.message}`)
    }
    return 1
  } finally {
    session.close()
  }
}

/** A command made of others: the first argument says which. `usage` has a line for each, as `--help` shows them. */
export function commandGroup(name: string, commands: Readonly<Record<string, Command>>, usage: string): Command {
  return (argv, session) => {
    const [first = "", ...rest] = argv
    if (first === "--help" || rest.includes("--help")) {
      session.out(bytes(usage))
      return 0
    }
    const command = Object.hasOwn(commands, first) ? commands[first] : undefined
    if (command === undefined) throw new UsageError(`'thunkpad ${name}' takes one of: ${Object.keys(commands).join(", ")}`)
    return runReporting(command, rest, session)
  }
}
