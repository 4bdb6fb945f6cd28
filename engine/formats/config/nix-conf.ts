// nix.conf: lines `name = value …`, `include FILE`, `!include FILE` (which may be missing); "#" begins a comment.
// C++ Nix: libutil/configuration.cc parseConfigFiles, applyConfig

import { fail } from "../error.ts"

/** One line that says something. */
export type ConfigLine =
  | { readonly kind: "setting"; readonly name: string; readonly value: string }
  | { readonly kind: "include"; readonly path: string; readonly mayBeMissing: boolean }

/** A setting, its words separated by single blanks. */
export interface ConfigSetting {
  readonly name: string
  readonly value: string
}

/** Reads the lines of a file; `path` is what messages call it. Fails in Nix's words (code `usage`). */
export function parseConfigLines(text: string, path: string): ConfigLine[] {
  const lines: ConfigLine[] = []
  for (const raw of text.split("\n")) {
    const line = raw.includes("#") ? raw.slice(0, raw.indexOf("#")) : raw
    const words = line.split(/[ \t\n\r]+/).filter((word) => word !== "")
    const [name, second] = words
    if (name === undefined) continue
    const wrong = () => fail("usage", `syntax error in configuration line '${line}' in "${path}"`)
    if (second === undefined) return wrong()
    if (name === "include" || name === "!include") {
      if (words.length !== 2) return wrong()
      lines.push({ kind: "include", path: second, mayBeMissing: name === "!include" })
    } else {
      if (second !== "=") return wrong()
      lines.push({ kind: "setting", name, value: words.slice(2).join(" ") })
    }
  }
  return lines
}

/** How deep files may include each other. */
const maxIncludes = 100

/**
 * All settings of a file and those it includes, in the order in which Nix applies them: experimental features first.
 * `read` gives a file's path (made absolute from the folder of the including file) and text, or undefined if it is missing.
 */
export function parseConfig(
  text: string,
  path: string,
  read: (include: string, from: string) => { readonly path: string; readonly text: string } | undefined = () => undefined,
): ConfigSetting[] {
  const settings: ConfigSetting[] = []
  const visit = (contents: string, at: string, depth: number): void => {
    if (depth > maxIncludes) fail("bad-config", `configuration files include each other more than ${maxIncludes} levels deep, at "${at}"`)
    for (const line of parseConfigLines(contents, at)) {
      if (line.kind === "setting") {
        settings.push({ name: line.name, value: line.value })
        continue
      }
      const included = read(line.path, at)
      if (included !== undefined) visit(included.text, included.path, depth + 1)
      else if (!line.mayBeMissing) fail("bad-config", `file "${line.path}" included from "${at}" not found`)
    }
  }
  visit(text, path, 0)
  const first = ({ name }: ConfigSetting) => name === "experimental-features" || name === "extra-experimental-features"
  return [...settings.filter(first), ...settings.filter((setting) => !first(setting))]
}

/** Puts settings on top of others: a later one replaces, and `extra-NAME` adds its words to NAME. */
export function applyConfig(settings: readonly ConfigSetting[], onto: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const result = new Map(onto)
  for (const { name, value } of settings) {
    if (!name.startsWith("extra-")) {
      result.set(name, value)
      continue
    }
    const base = name.slice("extra-".length)
    const before = result.get(base)
    result.set(base, before === undefined || before === "" ? value : `${before} ${value}`.trimEnd())
  }
  return result
}
