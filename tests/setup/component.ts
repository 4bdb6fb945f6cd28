// Set-up of the component tests: what jsdom lacks, and unmounting after each test.
import { cleanup, configure } from "@testing-library/react"
import { afterEach } from "vitest"

// jsdom has no layout, so nothing is ever resized or scrolled: an observer that never reports is what it would be.
globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
Element.prototype.scrollIntoView ??= () => {}
Element.prototype.scrollTo ??= () => {}
// Long lists show the rows that are in sight: what scrolls has some height, a row less.
for (const name of ["clientHeight", "offsetHeight"])
  Object.defineProperty(HTMLElement.prototype, name, {
    configurable: true,
    get(this: HTMLElement) {
      return this.matches("[data-index]") ? 25 : 600
    },
  })
for (const name of ["clientWidth", "offsetWidth"])
  Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => 500 })
// One second would measure the machine.
configure({ asyncUtilTimeout: 30_000 })
afterEach(cleanup)
