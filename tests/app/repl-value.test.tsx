// Values of the repl, and what its inputs see and may, over a real session.
import { fireEvent, render, screen, within } from "@testing-library/react"
import { expect, test } from "vitest"
import { useStore } from "zustand"
import { EngineContext } from "../../app/engine-context.ts"
import { EngineDesk } from "../../app/engine-desk.ts"
import { createOpenRepl, type OpenRepl } from "../../app/repl/open-repl.ts"
import { ReplPane } from "../../app/repl/ReplPane.tsx"
import { ReplValue } from "../../app/repl/ReplValue.tsx"
import type { EvaluateRequest } from "../../engine/worker/client.ts"
import { localEngine } from "./local-engine.ts"

const home = { base: "/workspace" }

function Shown({ desk, repl }: { readonly desk: EngineDesk; readonly repl: OpenRepl }) {
  useStore(repl.transcript.store)
  return (
    <EngineContext value={desk}>
      <ReplPane
        transcript={repl.transcript}
        value={({ run, ref, view, input }) => (
          <ReplValue
            value={repl.values.open(desk, run, ref, view)}
            input={input}
            request={repl.request}
            leadsTo={() => false}
            show={() => {}}
          />
        )}
        onStop={() => {}}
        onFile={() => {}}
        onLink={() => {}}
      />
    </EngineContext>
  )
}

function open(request: () => EvaluateRequest = () => home) {
  const desk = new EngineDesk(localEngine())
  const repl = createOpenRepl({ desk, request, history: [], keep: () => {} })
  const shown = <Shown desk={desk} repl={repl} />
  return { desk, repl, shown, ...render(shown) }
}

function enter(text: string): void {
  fireEvent.change(screen.getByLabelText("nix-repl>"), { target: { value: text } })
  fireEvent.keyDown(screen.getByLabelText("nix-repl>"), { key: "Enter" })
}

const entry = (input: string): HTMLElement => screen.getByRole("region", { name: input })
const press = async (name: string | RegExp): Promise<void> => {
  fireEvent.click(await screen.findByRole("button", { name }))
}
test("a value is the same tree as a result's: closed at first, evaluated by opening its rows", async () => {
  open()
  enter("{ a = 1; b = { d = 1 + 1; }; c = x: x; }")
  await screen.findByRole("tree", { name: "Value" })
  expect(screen.queryByRole("button", { name: "Open b" })).toBeNull()
  await press("Open the value")
  await press("Open b")
  await press("Evaluate d")
  await screen.findByText("2")
  expect(screen.getByRole("button", { name: "Actions for c" })).toBeTruthy()
})

test("each value has its own tree, and says the place of what it repeats by the name that was typed", async () => {
  open()
  enter("s = rec { inner = { x = 1; }; again = inner; }")
  await screen.findByText("1 name is bound")
  enter("s")
  enter("[ 7 ]")
  await press("Open the value")
  const first = within(entry("s"))
  await first.findByRole("button", { name: "«repeated» s.again" })
  expect(within(entry("[ 7 ]")).getByText("[ 7 ]", { selector: ".line code" })).toBeTruthy()
})

test("what was opened is open when the pane is shown again", async () => {
  const { unmount, shown } = open()
  enter("{ deep = { x = 5; }; }")
  await press("Open the value")
  await press("Open deep")
  await screen.findByText("5")
  unmount()
  render(shown)
  await screen.findByText("5")
})

test("a derivation opens its card below the value, leads to the explanation and back, and closes", async () => {
  const { desk } = open()
  enter('derivation { name = "d"; system = "s"; builder = "b"; }')
  await press("derivation d")
  const card = await screen.findByRole("region", { name: "Derivation" })
  await within(card).findByRole("heading", { name: "d" })
  expect(desk.kept.state().derivations).toMatchObject([{ name: "d", ref: [0] }])
  fireEvent.click(within(card).getByRole("button", { name: "Explain" }))
  const explained = await screen.findByRole("region", { name: "Explanation" })
  fireEvent.click(await within(explained).findByRole("button", { name: "← Back" }))
  await screen.findByRole("region", { name: "Derivation" })
  await press("Close")
  expect(screen.queryByRole("region", { name: "Derivation" })).toBeNull()
})

test("derivations of two inputs are compared, from either", async () => {
  open()
  enter('mk = name: derivation { inherit name; system = "s"; builder = "b"; }')
  await screen.findByText("1 name is bound")
  enter('mk "one"')
  await press("derivation one")
  await screen.findByRole("heading", { name: "one" })
  await press("Close")
  enter('mk "two"')
  await press("derivation two")
  await screen.findByRole("heading", { name: "two" })
  await press("Compare")
  fireEvent.change(await screen.findByLabelText(/^Compare with/), { target: { value: "0" } })
  await screen.findByText(/name/, { selector: ".drv-body *" })
  expect(screen.queryByText(/topped/)).toBeNull()
})

test("a string that refers to something, or is long, is a row that opens", async () => {
  open()
  enter('"${derivation { name = "d"; system = "s"; builder = "b"; }}/bin"')
  await screen.findByRole("button", { name: "refers to 1" })
  enter('builtins.concatStringsSep "" (builtins.genList (x: "0123456789") 150)')
  await screen.findByRole("button", { name: "all 1,500 bytes" })
})

test(":l and :r read the files as they are then, other inputs as they were read", async () => {
  let seven = "7"
  const { repl } = open(() => ({ ...home, files: { "/workspace/lib.nix": `{ seven = ${seven}; }` } }))
  const { transcript } = repl
  const ask = async (text: string): Promise<string | undefined> => {
    transcript.type(text)
    await transcript.submit()
    return transcript.store
      .getState()
      .entries.at(-1)
      ?.answer?.texts.map((one) => one.text.trim())
      .join("\n")
  }
  await ask(":l ./lib.nix")
  expect(await ask("seven")).toBe("7")
  seven = "8"
  expect(await ask("seven")).toBe("7")
  await ask(":r")
  expect(await ask("seven")).toBe("8")
})

test("the caches of the settings are given with the next input, and the network once it is allowed", async () => {
  const desk = new EngineDesk(localEngine())
  const changes: unknown[] = []
  const openRepl = desk.openRepl.bind(desk)
  desk.openRepl = (request) => {
    const repl = openRepl(request)
    return {
      ...repl,
      change(to) {
        changes.push(to)
        return repl.change(to)
      },
    }
  }
  const cache = { url: "https://cache.example.org", publicKeys: [] }
  let caches: (typeof cache)[] = []
  const { transcript } = createOpenRepl({ desk, request: () => ({ ...home, network: { caches } }), history: [], keep: () => {} })
  transcript.type("1")
  await transcript.submit()
  caches = [cache]
  transcript.type("2")
  await transcript.submit()
  expect(changes).toEqual([{ network: { caches: [cache] } }])
  const fetched = 'builtins.fetchurl "https://example.org/x"'
  transcript.type(fetched)
  await transcript.submit()
  expect(transcript.store.getState().entries.at(-1)?.answer).toMatchObject({ wantsNetwork: true })
  await transcript.allow({ allowFetch: true }, "1 + 1", async () => null)
  expect(changes.at(-1)).toEqual({ allowFetch: true })
  expect(transcript.store.getState().entries.at(-1)?.answer?.texts[0]?.text).toBe("2\n")
})

test(":? is a list that a narrow pane can show", async () => {
  open()
  enter(":?")
  expect((await screen.findByText(":q, :quit")).nextElementSibling?.textContent).toBe("Exit nix-repl")
  expect(screen.getByText(":bl <expr>").nextElementSibling?.textContent).toBe(
    "Build a derivation, creating GC roots in the working directory",
  )
})
