// The tests' four projects: which files run where. See tests/README.md.
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import react from "@vitejs/plugin-react"
import { playwright } from "@vitest/browser-playwright"
import { defineConfig } from "vitest/config"
import type { BrowserCommandContext } from "vitest/node"
import { isExperiment } from "./faults/count.ts"
import { launchOptions } from "./setup/chromium.mjs"
import { ClosingLine } from "./setup/reporter.ts"

type GatewayCommand = typeof import("./setup/gateway-command.ts")
type SourceCommand = typeof import("./setup/source-command.ts")

const root = fileURLToPath(new URL("..", import.meta.url))
const page = ["tests/page/**/*.test.ts", "tests/cli/**/*.test.ts", "tests/faults/**/*.test.ts"]
const component = ["tests/app/**/*.test.{ts,tsx}"]
const inbrowser = ["tests/inbrowser/**/*.test.ts"]
/**
 * A test with a browser or a process of its own is tried once more: a Chromium that the machine has killed is no fault of ours. Whatever
 * passed only then is named before the closing line. An experiment is not tried again: what it finds is its result.
 */
const retry = isExperiment ? 0 : 1
const setup = (name: string) => fileURLToPath(new URL(`setup/${name}`, import.meta.url))

export default defineConfig({
  root,
  test: {
    reporters: ["default", new ClosingLine()],
    // Two cores in CI, and a fuzz test or a build beside a test: the default of 5 s would measure the machine.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // On two cores one worker would be the default, and a third of the tests' time is waiting.
    maxWorkers: 2,
    projects: [
      {
        root,
        test: {
          name: "unit",
          environment: "node",
          include: ["tests/**/*.test.ts"],
          exclude: [...page, ...component, ...inbrowser],
          expect: { poll: { timeout: 60_000 } },
          testTimeout: 180_000,
        },
      },
      {
        root,
        plugins: [react()],
        test: {
          name: "component",
          expect: { poll: { timeout: 30_000 } },
          environment: "jsdom",
          include: component,
          setupFiles: [setup("component.ts")],
          testTimeout: 120_000,
        },
      },
      {
        root,
        test: {
          name: "page",
          // A second, as is usual, measures the machine. What a page has for one thing is in setup/browser.ts; a test has several of those.
          expect: { poll: { timeout: 60_000 } },
          environment: "node",
          include: page,
          globalSetup: [setup("built.ts")],
          testTimeout: 300_000,
          hookTimeout: 240_000,
          retry,
        },
      },
      {
        root,
        // Every dependency that the worker imports, else vite finds it in the middle of a test and reloads the page.
        optimizeDeps: {
          include: [
            "@dagrejs/dagre",
            "comlink",
            "hash-wasm",
            "idb-keyval",
            "fflate",
            "fzstd",
            "xz-decompress",
            "brotli-dec-wasm/web",
            "@bufbuild/protobuf",
            "@bufbuild/protobuf/codegenv2",
            "@connectrpc/connect",
            "@connectrpc/connect-web",
            "@noble/ed25519",
            "@noble/hashes/sha2.js",
          ],
          entries: ["engine/worker/worker.ts"].filter((file) => existsSync(`${root}/${file}`)),
        },
        test: {
          name: "inbrowser",
          include: inbrowser,
          testTimeout: 240_000,
          retry,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: launchOptions() }),
            commands: {
              startGateway: async ({ project }: BrowserCommandContext, origin: string) =>
                (await project.import<GatewayCommand>(setup("gateway-command.ts"))).start(origin),
              startBuildingGateway: async ({ project }: BrowserCommandContext, origin: string) =>
                (await project.import<GatewayCommand>(setup("gateway-command.ts"))).startBuilding(origin),
              stopGateway: async ({ project }: BrowserCommandContext, url: string) =>
                (await project.import<GatewayCommand>(setup("gateway-command.ts"))).stop(url),
              startSources: async ({ project }: BrowserCommandContext, origin: string) =>
                (await project.import<SourceCommand>(setup("source-command.ts"))).start(origin),
              stopSources: async ({ project }: BrowserCommandContext, base: string) =>
                (await project.import<SourceCommand>(setup("source-command.ts"))).stop(base),
            },
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
})
