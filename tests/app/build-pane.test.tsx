// The build pane over the real session and a real gateway in this process. Skipped builds where bubblewrap is missing: the rest is not.
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { BuildPane } from "../../app/build/BuildPane.tsx"
import { type BuildDesk, createBuildDesk } from "../../app/build/build-desk.ts"
import type { GatewayNotice } from "../../app/build/endpoint-choice.ts"
import type { Engine } from "../../engine/worker/client.ts"
import { Building, missing } from "../build/building.ts"
import { localEngine } from "./local-engine.ts"

interface Opened {
  readonly engine: Engine
  readonly desk: BuildDesk
  readonly opened: string[]
  readonly kept: Map<string, string>
  /** The path of a derivation that a shell script makes. */
  drvPath(expr: string): Promise<string>
}

function open(gateway: GatewayNotice, kept = new Map<string, string>()): Opened {
  const opened: string[] = []
  const desk: BuildDesk = createBuildDesk({
    builds: () => engine.builds,
    storage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) },
    gateway: async () => gateway,
    show: () => {},
  })
  const engine = localEngine(undefined, desk.hear)
  render(<BuildPane desk={desk} origin="http://localhost:4173" onOutput={(path) => opened.push(path)} />)
  const drvPath = async (expr: string): Promise<string> => {
    const { run } = await engine.evaluate({
      expr: `let sh = name: script: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-ec" script ]; }; in (${expr}).drvPath`,
    })
    const printed = await engine.print(run, [], "raw")
    if (!("text" in printed)) throw new Error(printed.problem.message)
    return printed.text
  }
  return { engine, desk, opened, kept, drvPath }
}

const button = (name: string): HTMLElement => screen.getByRole("button", { name })
const fromTop = `let low = sh "low" "echo low begun; echo low > $out"; in sh "top" "echo top begun; read line < \${low}; echo $line top > $out"`

test("without a gateway the pane says which command starts one, and what stands in the way", async () => {
  open({ problem: "no room" })
  await screen.findByText(/cannot run: no room/)
  screen.getByText("thunkpad gateway --install-tools --origin http://localhost:4173")
})

test("a derivation without an endpoint is not built, and the pane says so", async () => {
  const { desk } = open(null)
  await desk.propose("/nix/store/00000000000000000000000000000000-x.drv")
  expect((await screen.findByRole("alert")).textContent).toBe("There is no endpoint that could build it.")
})

test("an endpoint that is not there says so when it is tested", async () => {
  open(null)
  fireEvent.change(await screen.findByLabelText("Address"), { target: { value: "http://127.0.0.1:1" } })
  fireEvent.click(button("Test"))
  expect((await screen.findByText(/It does not answer/)).textContent).toMatch(/127\.0\.0\.1|fetch|refused|reach/i)
})

if (missing !== undefined) test.skip(`builds: ${missing}`, () => {})
else
  describe("with a gateway that builds", { timeout: 60_000 }, () => {
    let building: Building
    beforeAll(async () => {
      building = await new Building().start()
    })
    afterAll(() => building?.remove())

    test("its test tells what it can", async () => {
      open({ url: building.url })
      await screen.findByText(`Builds run at ${building.url}, the gateway beside this app.`)
      fireEvent.click(button("Test"))
      await screen.findByText(/x86_64-linux/)
    })

    test("nothing is sent before the user has seen what; then it is built, and its outputs open", async () => {
      const { desk, drvPath, opened, kept } = open({ url: building.url })
      const top = await drvPath(fromTop)
      await desk.propose(top)
      const question = await screen.findByRole("region", { name: "Before it is sent" })
      await within(question).findByText(/^2 derivations would be built there/)
      within(question).getByText(top)
      expect(await building.endpoint().list()).toEqual([])
      expect(kept.size).toBe(0)
      fireEvent.click(button("Send and build"))
      fireEvent.click(await screen.findByRole("button", { name: "Open out of top" }))
      expect(opened[0]).toMatch(/-top$/)
      await screen.findByText("is built")
      fireEvent.click(button("low"))
      const log = screen.getByRole("region", { name: "Log of low" })
      within(log).getByText("low begun")
      fireEvent.change(within(log).getByRole("searchbox"), { target: { value: "nowhere" } })
      within(log).getByText("Nothing found.")
      expect(JSON.parse([...kept.values()][0] ?? "null")).toMatchObject({ allowed: [building.url], times: { top: expect.any(Number) } })
      fireEvent.click(button("Check top"))
      await screen.findByText(/the same again/)
    })

    test("another visit shows how builds ended, with their logs; a stranger finds them at the endpoint", async () => {
      const first = open({ url: building.url })
      const top = await first.drvPath(fromTop.replaceAll("begun", "begun for another visit"))
      await first.desk.propose(top)
      fireEvent.click(await screen.findByRole("button", { name: "Send and build" }))
      await screen.findByText("is built")
      cleanup()

      open({ url: building.url }, first.kept)
      button("Open out of top")
      fireEvent.click(button("low"))
      await within(screen.getByRole("region", { name: "Log of low" })).findByText("low begun for another visit")
      fireEvent.click(button("Clear what is over"))
      await screen.findByText(/^Nothing was built yet/)
      cleanup()
      expect(JSON.stringify([...first.kept.values()])).not.toContain(".drv")

      open({ url: building.url })
      const others = (await screen.findByText("Other builds that the endpoint knows of")).closest("details") as HTMLDetailsElement
      others.open = true
      fireEvent(others, new Event("toggle"))
      fireEvent.click((await within(others).findAllByRole("button", { name: "Watch top" }))[0] as HTMLElement)
      await within(await screen.findByRole("region", { name: "Log of top" })).findByText("top begun for another visit")
    })

    test("what fails shows the telling lines first; what needs it is not built; one that runs can be cancelled", async () => {
      const { desk, drvPath } = open({ url: building.url })
      const bad = await drvPath(
        `let bad = sh "bad" "echo working; echo 'error: no such thing' >&2; exit 3"; in sh "above" "echo \${bad} > $out"`,
      )
      await desk.propose(bad)
      fireEvent.click(await screen.findByRole("button", { name: "Send and build" }))
      const report = await screen.findByRole("alert")
      expect(report.textContent).toMatch(/^bad was not builterror: no such thing.*exit code 3$/s)
      await screen.findByText("needs what failed")
      button("Retry bad")
      fireEvent.click(button("Clear what is over"))
      // It is told while others still run.
      const beside = await drvPath(
        `let bad = sh "bad-beside" "echo 'error: too early' >&2; exit 4"; slow = sh "slow" "while true; do [ -e /never ] && break; done"; in sh "both" "echo \${bad} \${slow}"`,
      )
      void desk.propose(beside)
      expect((await screen.findByRole("alert")).textContent).toContain("error: too early")
      fireEvent.click(await screen.findByRole("button", { name: "Stop building both" }))
      // All of it is over, not the first of them alone.
      await screen.findAllByText("stopped")
      await expect.poll(() => screen.queryAllByRole("button", { name: /^(Cancel|Stop building) / })).toEqual([])
      fireEvent.click(button("Clear what is over"))
      const endless = await drvPath(`sh "endless" "while true; do read line < /dev/null || echo again; [ -e /never ] && break; done"`)
      void desk.propose(endless)
      fireEvent.click(await screen.findByRole("button", { name: "Cancel endless" }))
      await screen.findByText("stopped")
      expect(screen.queryByRole("button", { name: "Cancel endless" })).toBeNull()
    })

    test("what an evaluation has begun is shown, goes on as one's own when the evaluation is stopped, and can be stopped", async () => {
      const { engine, desk, drvPath } = open({ url: building.url })
      await desk.find()
      desk.agree(building.url)
      const script = (name: string) => `sh "${name}" "echo begun; while true; do read line < /dev/null || true; done"`
      const sh = `let sh = name: script: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; }; in`
      // It is in the store before: that of a test is the session's alone.
      const builds = desk.settings()
      if (builds === null) throw new Error("there is no endpoint")
      const evaluation = engine.evaluate({ expr: `${sh} import (${script("for-eval")})`, builds })
      evaluation.catch(() => {})
      await screen.findByText(/is being built for an evaluation/)
      fireEvent.click(await screen.findByRole("button", { name: "Stop building for-eval" }))
      await screen.findByText("stopped")
      expect(screen.queryByText(/is being built for an evaluation/)).toBeNull()
      await evaluation.catch(() => {})
      const second = engine.evaluate({ expr: `${sh} import (${script("left-behind")})`, builds })
      second.catch(() => {})
      await screen.findByText(/is being built for an evaluation/)
      engine.stop()
      await vi.waitFor(() => expect(screen.queryByText(/is being built for an evaluation/)).toBeNull(), 10_000)
      await expect(second).rejects.toThrow("stopped")
      expect(desk.store.getState().jobs.map((job) => [job.isForEvaluation])).toEqual([[false]])
      await drvPath("1").catch(() => {})
    })
  })
