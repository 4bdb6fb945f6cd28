// Runs `thunkpad repl` in this process over a text of lines and gives what it writes, both streams as one.

import { repl } from "../../engine/cli/repl.ts"
import { PipedLines } from "../../engine/cli/repl-lines.ts"
import { Session } from "../../engine/cli/session.ts"
import { filterAnsi } from "../../engine/eval/print-ansi.ts"

export interface ReplRun {
  readonly args?: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly color?: boolean
}

/** The bytes written, with the prompts and lines as the echo mode shows them, and the exit status. */
export async function runRepl(input: string, run: ReplRun = {}): Promise<{ status: number; text: string }> {
  let text = ""
  const env = { _NIX_TEST_REPL_ECHO: "1", _NIX_TEST_RAW_MARKDOWN: "1", HOME: "/home", ...run.env }
  const streams = {
    cwd: run.cwd ?? "/",
    env,
    color: run.color === true,
    stdin: () => "",
    write: (_fd: 1 | 2, part: string) => {
      text += part
    },
  }
  const status = await repl(run.args ?? [], new Session(streams), () => new PipedLines(chunks(input)))
  return { status, text }
}

async function* chunks(text: string): AsyncGenerator<string> {
  yield text
}

/** What upstream's test does with the output before it compares (tests/functional/repl.sh, filterReplOutput). */
export function normalised(text: string, cwd: string): string {
  return filterAnsi(text)
    .replaceAll("\0", "")
    .replaceAll(/\n\n*nix-repl>/g, "\n\nnix-repl>")
    .replace(/([^\n])\n\n*nix-repl>[ \n]*$/, "$1")
    .replace(/[ \n]*$/, "\n")
    .replaceAll(cwd, "/path/to/tests/functional")
    .replaceAll("2.36.0", "<nix version>")
}
