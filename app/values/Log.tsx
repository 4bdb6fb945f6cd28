// The lines that `trace`, `warn` and the parser printed.

const SHOWN = 1000

export function Log({ lines }: { readonly lines: readonly string[] }) {
  if (lines.length === 0) return null
  const left = lines.length - SHOWN
  return (
    <section className="log" aria-label="Printed while evaluating">
      {left > 0 ? <p className="note">{`${left.toLocaleString("en")} earlier lines`}</p> : null}
      <pre>{lines.slice(-SHOWN).join("\n")}</pre>
    </section>
  )
}
