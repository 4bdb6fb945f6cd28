// Earlier inputs, newest first; picking one puts it back into the editor.

interface Props {
  readonly entries: readonly string[]
  readonly onPick: (text: string) => void
}

export function History({ entries, onPick }: Props) {
  if (entries.length === 0) return null
  return (
    <select
      className="history"
      aria-label="Earlier inputs"
      value=""
      onChange={(event) => {
        const entry = entries[Number(event.target.value)]
        if (entry !== undefined) onPick(entry)
      }}
    >
      <option value="" disabled>
        History ({entries.length})
      </option>
      {entries.map((entry, i) => (
        <option key={entry} value={i}>
          {entry.replace(/\s+/g, " ").slice(0, 60)}
        </option>
      ))}
    </select>
  )
}
