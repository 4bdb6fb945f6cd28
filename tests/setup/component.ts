// Set-up of the component tests: what jsdom lacks, and unmounting after each test.
import { cleanup } from "@testing-library/react"
import { afterEach } from "vitest"

// jsdom has no layout, so nothing is ever resized or scrolled: an observer that never reports is what it would be.
globalThis.ResizeObserver ??= class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
Element.prototype.scrollIntoView ??= () => {}
afterEach(cleanup)
