// Two builds: the app with the library entry (dist/index.html, dist/engine.js), and the command line (`--mode cli`, dist/cli/thunkpad.js).
// One config with a switch: vite's multi-environment build lets the app's inputs leak into the command line's.
import { fileURLToPath } from "node:url"
import react from "@vitejs/plugin-react"
import { defineConfig, type Plugin, type UserConfig } from "vite"
import { VitePWA } from "vite-plugin-pwa"

export default defineConfig(({ mode }) => (mode === "cli" ? commandLine : app))

// What Monaco calls the ways in which it makes HTML and workers.
const MONACO_POLICIES = [
  "defaultWorkerFactory",
  "diffEditorWidget",
  "diffReview",
  "domLineBreaksComputer",
  "domSanitize",
  "editorGhostText",
  "editorViewLayer",
  "richScreenReaderContent",
  "standaloneColorizer",
  "stickyScrollViewLayer",
  "tokenizeToString",
  "dompurify",
]

// The page runs no text as code, ever. Monaco needs inline styles, its icon font and data: images.
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  "connect-src 'self' https:",
  "base-uri 'none'",
  "form-action 'none'",
  // Only the engine's client may name a script, and only its worker's (an app and a restart each make the policy again).
  "require-trusted-types-for 'script'",
  `trusted-types thunkpad ${MONACO_POLICIES.join(" ")} 'allow-duplicates'`,
].join("; ")

// The evaluator's worker has no DOM and its own policy, that of its response: there hash-wasm and generated code may run.
// It may speak to a gateway on this machine, which has no certificate.
const WORKER_POLICY = "default-src 'none'; script-src 'self' 'unsafe-eval'; connect-src 'self' https: http://localhost:* http://127.0.0.1:*"

/** The page's policy as a meta element: any static host serves it. Not in development, where the react plugin injects a script. */
const pagePolicy: Plugin = {
  name: "thunkpad:page-policy",
  apply: "build",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: PAGE_POLICY }, injectTo: "head-prepend" as const },
  ],
}

/** The headers a host should send, as `npm start` sends them: the page's policy for all, the worker's own for the worker. */
const previewPolicy: Plugin = {
  name: "thunkpad:preview-policy",
  configurePreviewServer(server) {
    server.middlewares.use((request, response, next) => {
      const path = new URL(request.url ?? "/", "http://localhost").pathname
      const isWorker = /\/assets\/worker-[^/]*\.js$/.test(path)
      response.setHeader("Content-Security-Policy", isWorker ? WORKER_POLICY : `${PAGE_POLICY}; frame-ancestors *`)
      response.setHeader("X-Content-Type-Options", "nosniff")
      next()
    })
  },
}

/**
 * `_headers`, as several static hosts read it: the worker's own policy. The page's stands in the page; a header for every file would be
 * joined to the worker's and stop the engine.
 */
const hostHeaders: Plugin = {
  name: "thunkpad:host-headers",
  apply: "build",
  generateBundle(_options, bundle) {
    const workers = Object.keys(bundle).filter((file) => /^assets\/worker-[^/]*\.js$/.test(file))
    const rules = workers.map((file) => `/${file}\n  Content-Security-Policy: ${WORKER_POLICY}\n`)
    this.emitFile({ type: "asset", fileName: "_headers", source: `/*\n  X-Content-Type-Options: nosniff\n${rules.join("")}` })
  },
}

/** What is loaded when it is wanted, and kept from then on: the editors, and decoders that few stores need. */
const LATER = [
  "**/CodeEditor-*",
  "**/monaco-*",
  "**/LightEditor-*",
  "**/DifferenceEditor-*",
  "**/editor.worker-*",
  "**/codicon-*",
  "**/brotli*",
  "engine.js",
  "embed.js",
  "cli/**",
]

/** Without a network: the shell and the engine's worker from the first visit on. Registered by app/service-worker.ts. */
const offline = VitePWA({
  registerType: "prompt",
  injectRegister: false,
  includeAssets: ["icon.svg"],
  manifest: {
    name: "Thunkpad",
    short_name: "Thunkpad",
    description: "The Nix language, derivations and a store in your browser",
    start_url: "./",
    scope: "./",
    display: "standalone",
    background_color: "#f4f4f0",
    theme_color: "#24527f",
    icons: [{ src: "icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" }],
  },
  workbox: {
    globPatterns: ["index.html", "icon.svg", "assets/*.{js,css}"],
    globIgnores: LATER,
    // However the bundler divides the editor: what is as large as that is kept when it was loaded.
    maximumFileSizeToCacheInBytes: 2 ** 24,
    manifestTransforms: [(entries) => ({ manifest: entries.filter(({ size }) => size < 2 ** 20) })],
    navigateFallback: "index.html",
    clientsClaim: true,
    // One file: the page's policy has no name for a second one.
    inlineWorkboxRuntime: true,
    sourcemap: false,
    runtimeCaching: [
      {
        urlPattern: ({ url, sameOrigin }) => sameOrigin && url.pathname.includes("/assets/"),
        handler: "CacheFirst",
        // app/service-worker.ts names it too.
        options: { cacheName: "thunkpad-assets", expiration: { maxEntries: 60 } },
      },
    ],
  },
})

/**
 * Monaco's entry brings the editor of differences with it, which few visits need: left out there, so that app/editor/DifferenceEditor.tsx,
 * which takes the widget itself, is a chunk of its own.
 */
const leanMonaco: Plugin = {
  name: "thunkpad:lean-monaco",
  enforce: "pre",
  resolveId(source, importer = "") {
    const fromEntry = /standalone\/browser\/standalone(?:Code)?Editor\.js$/.test(importer)
    return fromEntry && /\/(?:diffEditorWidget|multiDiffEditorWidget)\.js$/.test(source) ? "\0no-differences" : null
  },
  load(id) {
    return id === "\0no-differences" ? "export class DiffEditorWidget {}\nexport class MultiDiffEditorWidget {}\n" : null
  },
}

const app: UserConfig = {
  // Relative: else engine.js would look for its worker at the site's root.
  base: "./",
  plugins: [react(), leanMonaco, pagePolicy, previewPolicy, hostHeaders, offline],
  resolve: {
    alias: [
      // Its "browser" build is one that bundlers cannot read; its modules name Monaco's files as they were called before 0.57.
      { find: /^monaco-vim$/, replacement: fileURLToPath(new URL("node_modules/monaco-vim/dist/index.mjs", import.meta.url)) },
      { find: /^monaco-editor\/esm\/vs\/(.+?)(?:\.js)?$/, replacement: "monaco-editor/$1.js" },
    ],
  },
  worker: { format: "es" },
  // The worker is named, or its dependencies would be found late and the first worker would fail once, with an empty message.
  optimizeDeps: { entries: ["index.html", "engine/worker/worker.ts"] },
  preview: { port: 4173, strictPort: true },
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    // Monaco's chunk is over 3 MB; the sizes that matter are tested.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      input: { index: "index.html", engine: "engine/worker/client.ts", embed: "app/embed/thunkpad-embed.ts" },
      // Else the exports of engine.js would be dropped: nothing of ours imports them.
      preserveEntrySignatures: "exports-only",
      output: {
        entryFileNames: ({ name }) => (name === "engine" || name === "embed" ? `${name}.js` : "assets/[name]-[hash].js"),
        // What both of Monaco's editors need, under a name that LATER and the size test can know.
        codeSplitting: {
          groups: [
            // Vite's own helper of lazy imports, which everything uses: else it is put beside what Monaco brings, and the shell loads all of it.
            { name: "preload", test: /vite[\\/]preload-helper/, priority: 1 },
            { name: "monaco", test: /[\\/]app[\\/]editor[\\/]monaco\.ts$/ },
          ],
        },
      },
    },
  },
}

const commandLine: UserConfig = {
  // What every command needs is in one file, which starts faster than many; what only one needs stands beside it, loaded when it is asked for.
  ssr: { noExternal: true, target: "node" },
  build: {
    ssr: "engine/cli/main.ts",
    outDir: "dist/cli",
    copyPublicDir: false,
    target: "node20",
    minify: false,
    rolldownOptions: { output: { entryFileNames: "thunkpad.js", chunkFileNames: "[name]-[hash].js" } },
  },
}
