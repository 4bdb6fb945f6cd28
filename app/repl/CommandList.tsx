// What `:?` lists, as a list: Nix's columns are made for terminals, and wrap in a narrow pane.

/** A command and what it does; or a line that is neither. */
export interface HelpLine {
  readonly command: string | null
  readonly text: string
}

/** The lines of a help text; null if the text is no such list. */
export function helpLines(text: string): readonly HelpLine[] | null {
  const lines: { command: string | null; text: string }[] = []
  for (const line of text.split("\n")) {
    const [, command = "", what = ""] = /^ {2}(\S.*?) {2,}(\S.*)$/.exec(line) ?? []
    const last = lines.at(-1)
    if (command !== "") lines.push({ command, text: what })
    else if (/^ {20}/.test(line) && last !== undefined && last.command !== null)
      last.text += `${/^[A-Z]/.test(line.trim()) ? "." : ""} ${line.trim()}`
    else if (line.trim() !== "") lines.push({ command: null, text: line.trim() })
  }
  return lines.filter(({ command }) => command !== null).length < 5 ? null : lines
}

export function CommandList({ lines }: { readonly lines: readonly HelpLine[] }) {
  return (
    <div className="repl-help">
      {lines.map(({ command, text }) =>
        command === null ? (
          <p key={text}>{text}</p>
        ) : (
          <p key={command} className="repl-command">
            <code>{command}</code> <span>{text}</span>
          </p>
        ),
      )}
    </div>
  )
}
