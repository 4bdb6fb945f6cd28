// The repl pane over a real session.
import { fireEvent, render, screen } from "@testing-library/react"
import { afterEach, expect, test } from "vitest"
import { ReplPane } from "../../app/repl/ReplPane.tsx"
import { createTranscript, type Transcript } from "../../app/repl/transcript.ts"
import { EngineStopped } from "../../engine/worker/client.ts"
import { localEngine } from "./local-engine.ts"

const files: string[] = []
afterEach(() => {
  files.length = 0
})

interface Held {
  /** Awaited before each answer. */
  readonly answer: () => Promise<void>
  readonly onStop: () => void
}

function open(history: readonly string[] = [], held?: Held): { transcript: Transcript; kept: (readonly string[])[] } {
  const engine = localEngine()
  const kept: (readonly string[])[] = []
  const transcript = createTranscript({
    open: () => {
      const repl = engine.openRepl({})
      const input: typeof repl.input = async (text, options) => {
        await held?.answer()
        return repl.input(text, options)
      }
      return { ...repl, input }
    },
    history,
    keep: (all) => kept.push(all),
  })
  render(
    <ReplPane
      transcript={transcript}
      value={({ run, ref, view }) => <p>{`value ${view.kind} at ${ref.join(".")} of ${run}`}</p>}
      onStop={held?.onStop ?? (() => {})}
      onFile={(text) => files.push(text)}
      onLink={() => {}}
    />,
  )
  return { transcript, kept }
}

const line = (): HTMLTextAreaElement => screen.getByLabelText("nix-repl>") as HTMLTextAreaElement

function enter(text: string): void {
  fireEvent.change(line(), { target: { value: text } })
  fireEvent.keyDown(line(), { key: "Enter" })
}

test("answers in order, and the line is free again", async () => {
  open()
  enter("x = 20 + 1")
  await screen.findByText("1 name is bound")
  expect(line().value).toBe("")
  enter("x * 2")
  await screen.findByText("42")
})

test("values that can be opened are views", async () => {
  open()
  enter("{ a = 1; }")
  await screen.findByText(/value attrs at 0 of \d+/)
})

test("errors are alerts", async () => {
  open()
  enter("1 + {}")
  expect((await screen.findByRole("alert")).textContent).toContain("error:")
})

test("an unfinished input stays in the line and goes on", async () => {
  open()
  enter("[ 1")
  await expect.poll(() => line().value).toBe("[ 1\n")
  enter("[ 1\n]")
  await screen.findByText(/value list/)
})

test("what is typed ahead is answered in its turn, and none of it is lost", async () => {
  open()
  for (const text of ["x = 20 + 1", "[ x", "x ]", "x * 2"]) enter(text)
  expect(line().value).toBe("")
  fireEvent.change(line(), { target: { value: "next" } })
  await screen.findByText(/value list at 1 of/)
  await screen.findByText("42")
  expect(screen.getByRole("log").textContent).toContain("[ x\nx ]")
  expect(line().value).toBe("next")
})

test("a stop gives up what was typed ahead, and brings the stopped input back", async () => {
  let stop = (): void => {}
  let answer = Promise.resolve()
  open([], { answer: () => answer, onStop: () => stop() })
  enter("x = 1")
  await screen.findByText("1 name is bound")
  answer = new Promise((_, reject) => {
    stop = () => reject(new EngineStopped("Stopped"))
  })
  enter("x + 2")
  enter("x + 1")
  await screen.findByText("waiting for its turn…")
  fireEvent.click(screen.getByRole("button", { name: "Stop" }))
  await screen.findByText(/^not evaluated, since an input before it was stopped/)
  expect(line().value).toBe("x + 2")
  await screen.findByRole("button", { name: "Enter" })
  answer = Promise.resolve()
  enter("x + 41")
  await screen.findByText("42")
})

test("the arrows bring earlier inputs back, those that begin like the line", async () => {
  const { kept } = open(["alpha = 1", "beta = 2", "alps"])
  fireEvent.change(line(), { target: { value: "al" } })
  fireEvent.keyDown(line(), { key: "ArrowUp" })
  expect(line().value).toBe("alps")
  fireEvent.keyDown(line(), { key: "ArrowUp" })
  expect(line().value).toBe("alpha = 1")
  fireEvent.keyDown(line(), { key: "ArrowDown" })
  fireEvent.keyDown(line(), { key: "ArrowDown" })
  expect(line().value).toBe("al")
  enter("1")
  await screen.findByText("1", { selector: ".repl-result" })
  expect(kept.at(-1)).toEqual(["alpha = 1", "beta = 2", "alps", "1"])
})

test("Tab completes what is clear and offers what is not", async () => {
  open()
  enter("s = { red = 1; rose = 2; }")
  await screen.findByText("1 name is bound")
  fireEvent.change(line(), { target: { value: "s.ro" } })
  fireEvent.keyDown(line(), { key: "Tab" })
  await expect.poll(() => line().value).toBe("s.rose")
  fireEvent.change(line(), { target: { value: "s.r" } })
  fireEvent.keyDown(line(), { key: "Tab" })
  fireEvent.click(await screen.findByRole("button", { name: "s.red" }))
  expect(line().value).toBe("s.red")
})

test("an input becomes a file, and starting over forgets its names", async () => {
  open()
  enter("y = 5")
  await screen.findByText("1 name is bound")
  enter("y + 1")
  await screen.findByText("6")
  fireEvent.click(screen.getAllByRole("button", { name: "file" })[1] as HTMLElement)
  expect(files).toEqual(["let\n  y = 5;\nin\ny + 1\n"])
  fireEvent.click(screen.getByRole("button", { name: "Start over" }))
  enter("y")
  expect((await screen.findByRole("alert")).textContent).toContain("undefined variable 'y'")
})

test("a name tells by which input it was bound, and leads there", async () => {
  open()
  enter("first = 1")
  await screen.findByText("1 name is bound")
  enter("second = 2")
  await screen.findByText("2 names are bound")
  let shown: Element | null = null
  const before = Element.prototype.scrollIntoView
  Element.prototype.scrollIntoView = function () {
    shown = this
  }
  try {
    fireEvent.click(screen.getByRole("button", { name: "first = 1" }))
    expect(shown).toBe(screen.getByRole("region", { name: "first = 1" }))
  } finally {
    Element.prototype.scrollIntoView = before
  }
  // What is not in the log any more is told by its number.
  fireEvent.click(screen.getByRole("button", { name: "Clear" }))
  expect(screen.getByText(/^by input 2$/, { exact: false })).toBeTruthy()
})
