// A choice of one of a few, as buttons.

interface Props<Id extends string> {
  readonly items: readonly { readonly id: Id; readonly label: string }[]
  readonly current: Id
  readonly label: string
  readonly onPick: (id: Id) => void
}

export function Segments<Id extends string>({ items, current, label, onPick }: Props<Id>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has a frame and a legend, this is a row of buttons
    <div className="segments" role="group" aria-label={label}>
      {items.map((item) => (
        <button key={item.id} type="button" aria-pressed={item.id === current} onClick={() => onPick(item.id)}>
          {item.label}
        </button>
      ))}
    </div>
  )
}
