// The house rules that the compiler cannot hold: who may import whom (CONTRIBUTING shows the picture), size and names of files,
// no barrels, no default exports, no module state. A new edge between rooms is a change to ROOMS, argued in review.
import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, posix, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const root = fileURLToPath(new URL("..", import.meta.url))

/** For each room the rooms and files it may import. `type x` allows only `import type`. A room may always import itself. */
const ROOMS: Record<string, readonly string[]> = {
  "engine/lang": [],
  "engine/eval": ["engine/lang", "engine/formats"],
  "engine/formats": [],
  // Messages of the services, generated from the .proto files beside them.
  "engine/proto": [],
  "engine/castore": ["engine/proto", "engine/formats/hash", "engine/formats/nar", "engine/formats/bytes.ts", "engine/formats/error.ts"],
  // The evaluator's host over a store (EvalIO) speaks the evaluator's language: its interface, its errors, its paths.
  "engine/store": ["engine/proto", "engine/castore", "engine/formats", "engine/eval"],
  "engine/fetch": ["engine/store", "engine/castore", "engine/formats", "engine/eval"],
  "engine/build": ["engine/proto", "engine/store", "engine/castore", "engine/formats"],
  "engine/atom": ["engine/fetch", "engine/formats"],
  "engine/worker": [
    "engine/lang",
    "engine/eval",
    "engine/formats",
    "engine/proto",
    "engine/castore",
    "engine/store",
    "engine/fetch",
    "engine/build",
    "engine/atom",
  ],
  "engine/cli": [
    "engine/lang",
    "engine/eval",
    "engine/formats",
    "engine/proto",
    "engine/castore",
    "engine/store",
    "engine/fetch",
    "engine/build",
    "engine/atom",
    // One of its commands is the gateway.
    "engine/gateway",
  ],
  "engine/gateway": [
    "engine/lang",
    "engine/eval",
    "engine/formats",
    "engine/proto",
    "engine/castore",
    "engine/store",
    "engine/fetch",
    "engine/build",
    "engine/atom",
  ],
  // The app gets plain data: it starts the engine through the library entry and knows the types that cross, nothing else.
  app: [
    "engine/worker/client.ts",
    "engine/worker/language-client.ts",
    "type engine/worker/protocol.ts",
    "type engine/worker/build-protocol.ts",
    "type engine/worker/derivation-protocol.ts",
    "type engine/worker/repl-protocol.ts",
    // Types, and the list of the kinds of coloured text.
    "engine/worker/language-protocol.ts",
  ],
}

/** For each npm package the rooms or files that may import it (CONTRIBUTING says why we have it). */
const PACKAGES: Record<string, readonly string[]> = {
  "@bufbuild/protobuf": ["engine/proto", "engine/castore", "engine/store", "engine/build", "engine/gateway"],
  "@connectrpc/connect": ["engine/castore", "engine/store", "engine/build", "engine/gateway"],
  "@connectrpc/connect-node": ["engine/gateway", "engine/cli"],
  "@connectrpc/connect-web": ["engine/castore", "engine/store", "engine/build"],
  "@codemirror/autocomplete": ["app"],
  "@codemirror/language": ["app"],
  "@codemirror/lint": ["app"],
  "@codemirror/state": ["app"],
  "@codemirror/view": ["app"],
  "@dagrejs/dagre": ["engine/worker"],
  "@lezer/highlight": ["app"],
  "@noble/ed25519": ["engine/formats"],
  "@noble/hashes": ["engine/formats"],
  "@replit/codemirror-lang-nix": ["app"],
  "@tanstack/react-virtual": ["app"],
  "brotli-dec-wasm": ["engine/store"],
  cmdk: ["app"],
  codemirror: ["app"],
  comlink: ["engine/worker"],
  fflate: ["app", "engine/castore", "engine/store", "engine/fetch", "engine/formats"],
  fzstd: ["engine/store"],
  "hash-wasm": ["engine/formats/hash"],
  "idb-keyval": ["engine/castore", "engine/store", "engine/worker", "app"],
  "monaco-editor": ["app"],
  "monaco-vim": ["app"],
  "radix-ui": ["app"],
  react: ["app"],
  "react-dom": ["app"],
  "xz-decompress": ["engine/store"],
  zustand: ["app"],
}

/** Node's own modules: only where Node is the host. */
const NODE_ROOMS = ["engine/cli", "engine/gateway"]

/** Files over 500 lines, each with its reason. */
const LONG_FILES: Record<string, string> = {
  "engine/lang/lexer.ts": "one scanner over one cursor, held in fields of one class for speed; in two files they would share all its state",
  "engine/lang/parser.ts": "one recursive descent over the lexer's cursor, likewise",
}

/** Written by `npm run proto`: the compiler's names and lengths are its own. */
const GENERATED = "engine/proto/gen"

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

interface Source {
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

const sources = [...find("app"), ...find("engine")].map(read)
const own = [...sources, ...[...find("tests"), "vite.config.ts"].map(read)]

test("the table of rooms is the folders there are", () => {
  const folders = readdirSync(join(root, "engine"), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const folder of folders) expect(Object.keys(ROOMS)).toContain(`engine/${folder.name}`)
  expect(sources.length).toBeGreaterThan(0)
})

test("outside the rooms the engine has only declarations", () => {
  const stray = sources.filter(({ path }) => roomOf(path) === undefined && !(dirname(path) === "engine" && path.endsWith(".d.ts")))
  expect(stray.map(({ path }) => path)).toEqual([])
})

test("each room imports only what the table of rooms allows", () => {
  const wrong: string[] = []
  for (const { path, imports } of sources) {
    const room = roomOf(path)
    for (const { specifier, typeOnly } of imports) {
      if (!specifier.startsWith(".")) continue
      const target = posix.join(posix.dirname(path), specifier.replace(/\?.*$/, ""))
      const allowed = room === undefined ? [] : [room, ...ROOMS[room]!]
      const fits = allowed.some((entry) => (entry.startsWith("type ") ? typeOnly && within(target, entry.slice(5)) : within(target, entry)))
      if (!fits) wrong.push(`${path} imports ${target}`)
    }
  }
  expect(wrong).toEqual([])
})

test("each package is imported only where the table of packages allows", () => {
  const wrong: string[] = []
  for (const { path, imports } of sources) {
    for (const { specifier, typeOnly } of imports) {
      if (specifier.startsWith(".")) continue
      const name = specifier.startsWith("@") ? specifier.split("/", 2).join("/") : specifier.split("/", 1)[0]!
      const places = name.startsWith("node:") ? NODE_ROOMS : (PACKAGES[name] ?? [])
      if (!places.some((place) => within(path, place)) && !(typeOnly && name === "vite")) wrong.push(`${path} imports ${specifier}`)
    }
  }
  expect(wrong).toEqual([])
})

test("every dependency is in the table of packages and has its reason in CONTRIBUTING", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const contributing = readFileSync(join(root, "CONTRIBUTING.md"), "utf8")
  expect(Object.keys(PACKAGES).sort()).toEqual(Object.keys(manifest.dependencies).sort())
  const unexplained = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    (name) => !contributing.includes(`\`${name}\``),
  )
  expect(unexplained).toEqual([])
})

test("no file imports itself through others, but within the evaluator's one recursion", () => {
  // Forcing calls, calling compiles, the compiled code forces: engine/eval is mutually recursive as its subject is.
  const acyclic = sources.filter(({ path }) => !within(path, "engine/eval"))
  const edges = new Map(
    acyclic.map(({ path, imports }) => [
      path,
      imports.filter((i) => !i.typeOnly && i.specifier.startsWith(".")).map((i) => posix.join(posix.dirname(path), i.specifier)),
    ]),
  )
  expect(cycles(edges)).toEqual([])
})

test("files stop at 500 lines", () => {
  const long = own.filter(({ path, text }) => text.split("\n").length > 501 && !(path in LONG_FILES)).map(({ path }) => path)
  expect(long).toEqual([])
  // An exception that is no longer needed goes.
  const short = Object.keys(LONG_FILES).filter((path) => !own.some((file) => file.path === path && file.text.split("\n").length > 501))
  expect(short).toEqual([])
})

test("components stop at 150 lines", () => {
  const long = own.filter(({ path, text }) => path.startsWith("app/") && path.endsWith(".tsx") && text.split("\n").length > 151)
  expect(long.map(({ path }) => path)).toEqual([])
})

test("files and folders are named after one noun, in kebab-case; components in PascalCase", () => {
  const good =
    /^(?:[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*\.(?:ts|mjs)|(?:[A-Z][A-Za-z0-9]*|main|[a-z0-9-]+\.test)\.tsx|vite-env\.d\.ts)$/
  const vague = /^(?:utils?|helpers?|common|misc|types|index)(?:\.ts|\.tsx)?$/
  // These are builtins about types, as the others there are about lists or strings: no heap of declarations.
  const wrong = own
    .map(({ path }) => path)
    .filter((path) => path !== "engine/eval/builtins/types.ts")
    .filter((path) => !good.test(basename(path)) || path.split("/").some((part) => vague.test(part)))
  expect(wrong).toEqual([])
})

test("every file opens with a comment that says what it is", () => {
  const silent = own.filter(({ text }) => !/^(?:#!.*\n)?(?:\/\/ \S|\/\*\*? ?\n? ?\*? ?\S)/.test(text)).map(({ path }) => path)
  expect(silent).toEqual([])
})

test("there are no barrels and no default exports but those that tools ask for", () => {
  const configs = ["vite.config.ts", "tests/vitest.config.ts"]
  // The library entry shows its users the types of its answers; declarations describe modules of vite's making.
  const entry = "engine/worker/client.ts"
  const wrong = own.filter(
    ({ path, text }) =>
      /^export\s+(?:\*[^"]*|\{[^}]*\})\s+from\s/m.test(text) ||
      (/^export type\s[^"=;]*\sfrom\s+"/m.test(text) && path !== entry) ||
      (/^export default\b/m.test(text) && !configs.includes(path)),
  )
  expect(wrong.map(({ path }) => path)).toEqual([])
})

test("no module of app or engine has state of its own", () => {
  // Nix code in a template has a `let` of its own; comments may quote one backtick alone.
  const code = (text: string): string => text.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, "").replace(/`(?:\\.|[^`\\])*`/gs, "``")
  const stateful = sources.filter(({ path, text }) => !path.endsWith(".d.ts") && /^(?:export\s+)?(?:let|var)\s/m.test(code(text)))
  expect(stateful.map(({ path }) => path)).toEqual([])
})

test("there is no TODO: what is not there yet is an expected failure of a test", () => {
  expect(sources.filter(({ text }) => /\bTODO\b/.test(text)).map(({ path }) => path)).toEqual([])
})

test("the reader of imports sees every form of import", () => {
  const text = [
    'import "./a.css"',
    'import b from "./b.ts"',
    'import {\n  type C,\n  c,\n} from "./c.ts"',
    'import type { D } from "./d.ts"',
    'import { type E, type F } from "./e.ts"',
    'const f = () => import("./f.ts")',
    'export type G = import("./g.ts").G',
    'export { h } from "./h.ts"',
    'new Worker(new URL("./i.ts", import.meta.url))',
    '// import "./comment.ts"',
  ].join("\n")
  expect(importsOf(text).map((i) => `${i.specifier}${i.typeOnly ? " type" : ""}`)).toEqual([
    "./a.css",
    "./b.ts",
    "./c.ts",
    "./d.ts type",
    "./e.ts type",
    "./h.ts",
    "./f.ts",
    "./g.ts type",
    "./i.ts",
  ])
})

test("a cycle of imports is found", () => {
  const edges = new Map([
    ["a", ["b"]],
    ["b", ["c"]],
    ["c", ["a"]],
    ["d", ["a"]],
  ])
  expect(cycles(edges)).toEqual(["a → b → c → a"])
})

/** The room that owns a file; undefined outside every room (declarations of the platform). */
function roomOf(path: string): string | undefined {
  return Object.keys(ROOMS).find((room) => within(path, room))
}

/** Whether a path is a file or in a folder. */
function within(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}

/** The TypeScript and JavaScript files under a folder of the repository, as paths from the root. */
function find(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && /\.(?:ts|tsx|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !within(path, GENERATED))
    .sort()
}

function read(path: string): Source {
  const text = readFileSync(join(root, path), "utf8")
  return { path, text, imports: importsOf(text) }
}

/** The imports of a formatted file: static ones and re-exports first, then `import()`, then `new URL(…, import.meta.url)`. */
function importsOf(text: string): Import[] {
  const found: Import[] = []
  for (const [, clause, specifier] of text.matchAll(
    /^(?:import|export)\s+(?:((?:type\s+)?(?:[\w*$]+(?:\s+as\s+\w+)?,?\s*)?(?:\{[^}]*\})?)\s+from\s+)?"([^"]+)"/gm,
  )) {
    const names =
      /^\{(.*)\}$/s
        .exec(clause ?? "")?.[1]
        ?.split(",")
        .map((name) => name.trim()) ?? []
    const allTypes = names.length > 0 && names.every((name) => name === "" || name.startsWith("type "))
    found.push({ specifier: specifier!, typeOnly: (clause ?? "").startsWith("type ") || allTypes })
  }
  for (const line of text.split("\n")) {
    if (/^\s*(?:\/\/|\*)/.test(line)) continue
    for (const [, specifier, member] of line.matchAll(/\bimport\("([^"]+)"\)(\.\w+)?/g)) {
      found.push({ specifier: specifier!, typeOnly: member !== undefined && member !== ".then" })
    }
    for (const [, specifier] of line.matchAll(/new URL\("(\.[^"]+)", import\.meta\.url\)/g))
      found.push({ specifier: specifier!, typeOnly: false })
  }
  return found
}

/** The cycles a walk meets first, each as "a → b → a". */
function cycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path)
    if (seen >= 0) found.push([...trail.slice(seen), path].join(" → "))
    if (seen >= 0 || done.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return found
}
