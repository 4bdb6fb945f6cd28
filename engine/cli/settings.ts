// nix.conf settings from NIX_CONFIG, `--option NAME VALUE` and `--NAME [VALUE]` flags.

import { defaultSettings, type Lint, type SearchPathEntry, type Settings } from "../eval/runtime.ts"
import { defaultFetchSettings, type FetchSettings, parseAccessTokens } from "../fetch/fetch-settings.ts"
import { parseConfig } from "../formats/config/nix-conf.ts"
import { FormatError } from "../formats/error.ts"
import { UsageError } from "./usage-error.ts"

/** Settings as they are collected: the last word wins, `extra-…` appends. */
export class SettingsBuilder {
  private readonly values = new Map<string, string>()
  private readonly include: SearchPathEntry[] = []
  /** Engine switches that Nix does not have. */
  run: Settings["run"] = "auto"
  maxSteps = Number.POSITIVE_INFINITY
  maxSeconds = Number.POSITIVE_INFINITY

  /** The text of NIX_CONFIG (a byte string), and of files that it includes, which `read` gives (see parseConfig). */
  readConfig(text: string, read: Parameters<typeof parseConfig>[2]): void {
    try {
      for (const { name, value } of parseConfig(text, "NIX_CONFIG", read)) this.set(name, value)
    } catch (e) {
      throw e instanceof FormatError ? new UsageError(e.message) : e
    }
  }

  set(name: string, value: string): void {
    if (name.startsWith("extra-")) {
      const base = name.slice(6)
      this.values.set(base, `${this.values.get(base) ?? defaults.get(base) ?? ""} ${value}`.trim())
    } else this.values.set(name, value)
  }

  /** True if `--NAME VALUE` or `--NAME` / `--no-NAME` is a setting. */
  kind(name: string): "boolean" | "value" | undefined {
    if (booleans.has(name)) return "boolean"
    if (defaults.has(name) || (name.startsWith("extra-") && defaults.has(name.slice(6)))) return "value"
    return undefined
  }

  addInclude(entry: string): void {
    this.include.push(searchPathEntry(entry))
  }

  /** What fetching depends on. */
  fetching(): FetchSettings {
    const get = (name: string): string => this.values.get(name) ?? defaults.get(name) ?? ""
    return {
      ...defaultFetchSettings,
      tarballTtl: number("tarball-ttl", get("tarball-ttl")),
      downloadAttempts: number("download-attempts", get("download-attempts")),
      accessTokens: parseAccessTokens(get("access-tokens")),
    }
  }

  /** The settings; `nixPath` is the environment variable NIX_PATH or undefined. */
  build(nixPath: string | undefined): Settings {
    const get = (name: string): string => this.values.get(name) ?? defaults.get(name) ?? ""
    const flag = (name: string): boolean => {
      const v = this.values.get(name)
      if (v === undefined) return name === "allow-import-from-derivation"
      if (v === "true" || v === "yes" || v === "1") return true
      if (v === "false" || v === "no" || v === "0") return false
      throw new UsageError(`Boolean setting '${name}' has invalid value '${v}'`)
    }
    const features = new Set(get("experimental-features").split(/\s+/).filter(Boolean))
    if (features.has("flakes")) features.add("fetch-tree")
    const fromEnv = this.values.get("nix-path") ?? nixPath
    return {
      ...defaultSettings,
      system: this.values.get("eval-system") || this.values.get("system") || defaultSettings.system,
      pureEval: flag("pure-eval"),
      restrictEval: flag("restrict-eval"),
      allowedUris: get("allowed-uris").split(/\s+/).filter(Boolean),
      maxCallDepth: number("max-call-depth", get("max-call-depth")),
      showTrace: flag("show-trace"),
      traceVerbose: flag("trace-verbose"),
      abortOnWarn: flag("abort-on-warn"),
      allowImportFromDerivation: flag("allow-import-from-derivation"),
      features,
      lintUrlLiterals: lint("lint-url-literals", get("lint-url-literals")),
      lintShortPathLiterals: lint("lint-short-path-literals", get("lint-short-path-literals")),
      lintAbsolutePathLiterals: lint("lint-absolute-path-literals", get("lint-absolute-path-literals")),
      nixPath: [...this.include, ...(fromEnv === undefined ? [] : splitSearchPath(fromEnv))],
      run: this.run,
      maxSteps: this.maxSteps,
      maxSeconds: this.maxSeconds,
      // Node's main thread has about 984 kB; what is left over is for builtins and the host.
      stackBytes: 740_000,
    }
  }
}

const booleans = new Set(["pure-eval", "restrict-eval", "show-trace", "trace-verbose", "abort-on-warn", "allow-import-from-derivation"])

const defaults = new Map([
  ["experimental-features", "nix-command flakes"],
  ["system", ""],
  ["eval-system", ""],
  ["max-call-depth", String(defaultSettings.maxCallDepth)],
  ["nix-path", ""],
  ["access-tokens", ""],
  ["allowed-uris", ""],
  ["download-attempts", String(defaultFetchSettings.downloadAttempts)],
  ["tarball-ttl", String(defaultFetchSettings.tarballTtl)],
  ["lint-url-literals", "ignore"],
  ["lint-short-path-literals", "ignore"],
  ["lint-absolute-path-literals", "ignore"],
])

function number(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`setting '${name}' has invalid value '${text}'`)
  return Number(text)
}

function lint(name: string, text: string): Lint {
  if (text === "ignore" || text === "warn" || text === "fatal") return text
  throw new UsageError(`setting '${name}' has invalid value '${text}', expected 'ignore', 'warn', or 'fatal'`)
}

function searchPathEntry(text: string): SearchPathEntry {
  const at = text.indexOf("=")
  return at < 0 ? { prefix: "", path: text } : { prefix: text.slice(0, at), path: text.slice(at + 1) }
}

/** Splits NIX_PATH at colons, but not at those of a URL (C++ Nix: EvalSettings::parseNixPath). */
function splitSearchPath(text: string): SearchPathEntry[] {
  const out: SearchPathEntry[] = []
  let start = 0
  while (start < text.length) {
    let end = start
    while (end < text.length && text[end] !== ":") end++
    const eq = text.slice(start, end).indexOf("=")
    const from = eq >= 0 ? start + eq + 1 : start
    if (
      end < text.length &&
      ((/^[a-z]+$/.test(text.slice(from, end)) && text.startsWith("://", end)) || text.slice(from, end) === "flake")
    ) {
      end++
      while (end < text.length && text[end] !== ":") end++
    }
    if (end > start) out.push(searchPathEntry(text.slice(start, end)))
    start = end + 1
  }
  return out
}
