// A test of Nix's language suite as a request to the engine in a worker.
import * as fs from "node:fs"
import type { EvaluateRequest, PrintForm } from "../../engine/worker/client.ts"
import type { EngineOptions } from "../../engine/worker/protocol.ts"
import type { LangTest } from "../conformance/lang-suite.ts"

/** Where the suite's folder lies in the worker: what the expected outputs call it. */
export const PWD = "/pwd"

export interface LangRequest {
  readonly request: EvaluateRequest
  /** How the result is printed; "parse" prints the tree, "none" is for commands that fail before. */
  readonly form: PrintForm | "parse" | "none"
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads the command's arguments as `nix-instantiate` would; throws for one that it does not know. */
export function langRequest(test: LangTest): LangRequest {
  const options: Writable<EngineOptions> = {}
  const args: Record<string, { expr: string } | { string: string }> = {}
  const nixPath: string[] = []
  const request: Writable<EvaluateRequest> = { base: PWD, env: test.env, options }
  let form: LangRequest["form"] = "none"
  const { args: argv } = test
  for (let i = 0; i < argv.length; i++) {
    const next = (): string => argv[++i] ?? ""
    const arg = argv[i] as string
    switch (arg) {
      case "--parse":
        form = "parse"
        break
      case "--eval":
        form = form === "none" ? "nix" : form
        break
      case "--xml":
        form = "xml"
        break
      case "--strict":
      case "--no-location":
      case "--impure":
        break
      case "-":
        request.expr = Buffer.from(test.stdin ?? "", "latin1").toString("utf8")
        break
      case "--show-trace":
      case "--no-show-trace":
        options.showTrace = arg === "--show-trace"
        break
      case "--max-call-depth":
        options.maxCallDepth = Number(next())
        break
      case "--extra-experimental-features":
        options.features = [next()]
        break
      case "--lint-url-literals":
        options.urlLiterals = next() as "fatal"
        break
      case "--lint-short-path-literals":
        options.shortPathLiterals = next() as "fatal"
        break
      case "--lint-absolute-path-literals":
        options.absolutePathLiterals = next() as "fatal"
        break
      case "--arg":
        args[next()] = { expr: next() }
        break
      case "--argstr":
        args[next()] = { string: next() }
        break
      case "-A":
        request.attrPath = next()
        break
      case "-I":
        nixPath.push(next())
        break
      default:
        if (arg.startsWith("-")) throw new Error(`${test.name}: unknown argument ${arg}`)
        request.file = `${PWD}/${arg}`
    }
  }
  if (Object.keys(args).length > 0) request.args = args
  const path = test.env["NIX_PATH"]
  request.nixPath = [...nixPath, ...(path === undefined ? [] : path.split(":"))]
  return { request, form }
}

/** The suite's files, bytes as latin1; symlinks as `{ symlink }`. */
export function langFiles(folder: string): Record<string, string | { symlink: string }> {
  const links = JSON.parse(fs.readFileSync(`${folder}/SYMLINKS.json`, "utf8")) as Record<string, string>
  const files: Record<string, string | { symlink: string }> = {}
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = `${entry.parentPath}/${entry.name}`
    files[`${PWD}/lang${path.slice(folder.length)}`] = fs.readFileSync(path, "latin1")
  }
  for (const [path, symlink] of Object.entries(links)) files[`${PWD}/lang/${path}`] = { symlink }
  return files
}
