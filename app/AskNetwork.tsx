// A program or input needs the network and may not ask it yet.

interface Props {
  /** What wants it: "program", "input". */
  readonly what: string
  /** Whether it is a store path that is missing, which a binary cache may have. */
  readonly missing: boolean
  readonly onAllow: () => void
}

export function AskNetwork({ what, missing, onAllow }: Props) {
  return (
    <p className="ask">
      <span>{missing ? "Your binary caches may have it." : `This ${what} wants to use the network.`}</span>
      <button type="button" onClick={onAllow}>
        Allow and run again
      </button>
    </p>
  )
}
