// A command of the command line, run in this process.

import { Session } from "../../engine/cli/session.ts"
import { UsageError } from "../../engine/cli/usage-error.ts"

/** What a command did. Texts are byte strings. */
export interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** The surroundings of a command. */
export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

/** Runs a command with these arguments. */
export async function runCommand(
  command: (argv: readonly string[], session: Session) => number | Promise<number>,
  argv: readonly string[],
  { cwd = process.cwd(), env = {}, stdin = "" }: Surroundings = {},
): Promise<Ran> {
  const text = { 1: "", 2: "" }
  const write = (fd: 1 | 2, s: string): void => {
    text[fd] += s
  }
  const session = new Session({ cwd, env, color: false, write, stdin: () => stdin })
  try {
    return { status: await command(argv, session), out: text[1], err: text[2] }
  } catch (e) {
    if (!(e instanceof UsageError)) throw e
    return { status: 1, out: text[1], err: `${text[2]}error: ${e.message}\n` }
  }
}
