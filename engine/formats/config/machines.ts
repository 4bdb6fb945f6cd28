// Lists of build machines, one a line or between semicolons:
//
//   STORE [SYSTEM,… [KEYFILE [JOBS [SPEED [FEATURE,… [MANDATORY,… [HOSTKEY]]]]]]]      "-" leaves a field out
//   @FILE                                                                              more of them
//
// C++ Nix: libstore/machines.cc

import { fail } from "../error.ts"
import { parseBase64 } from "../hash/base64.ts"
import { sortedQuery } from "../url/url.ts"
import { parseStoreReference, type StoreReference } from "./store-reference.ts"

/** A machine that builds. */
export interface Machine {
  readonly store: StoreReference
  /** Sorted. */
  readonly systems: readonly string[]
  readonly sshKey: string | undefined
  readonly maxJobs: number
  readonly speedFactor: number
  /** Sorted. */
  readonly supportedFeatures: readonly string[]
  /** Sorted. */
  readonly mandatoryFeatures: readonly string[]
  /** Base64, or "". */
  readonly sshPublicHostKey: string
}

const maxFiles = 100

function expandLines(text: string, read: (path: string) => string | undefined, depth: number): string[] {
  if (depth > maxFiles) fail("bad-config", "machines files name each other in a circle")
  const entries: string[] = []
  for (const line of text.split("\n")) {
    const bare = line.includes("#") ? line.slice(0, line.indexOf("#")) : line
    for (const raw of bare.split(";")) {
      const entry = raw.trim()
      if (entry === "") continue
      if (entry.startsWith("@")) {
        const included = read(entry.slice(1).trim())
        if (included !== undefined) entries.push(...expandLines(included, read, depth + 1))
      } else entries.push(entry)
    }
  }
  return entries
}

function storeOf(text: string): StoreReference {
  const special = /^(?:auto|daemon|local)(?:\?|$)|^\?/
  return parseStoreReference(text.includes("/") || special.test(text) ? text : `ssh://${text}`)
}

function parseLine(line: string, defaultSystems: readonly string[]): Machine {
  const fields = line.split(/[ \t\n\r]+/).map((field) => (field === "-" ? undefined : field))
  const list = (at: number) => [...new Set((fields[at] ?? "").split(",").filter((item) => item !== ""))].sort()
  const number = (at: number, pattern: RegExp, type: string, otherwise: number) => {
    const field = fields[at]
    if (field === undefined) return otherwise
    if (!pattern.test(field)) {
      fail("bad-config", `bad machine specification: failed to convert column #${at} in a row: '${line}' to '${type}'`)
    }
    return Number(field)
  }
  if (fields[0] === undefined) {
    return fail("bad-config", `bad machine specification: store URL was not found at the first column of a row: '${line}'`)
  }
  const maxJobs = number(3, /^\+?[0-9]{1,10}$/, "unsigned int", 1)
  const speedFactor = number(4, /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/, "float", 1)
  if (speedFactor < 0) fail("usage", "speed factor must be >= 0")
  if (fields[7] !== undefined) parseBase64(fields[7])
  return {
    store: storeOf(fields[0]),
    systems: fields[1] === undefined ? [...defaultSystems].sort() : list(1),
    sshKey: fields[2],
    maxJobs,
    speedFactor: speedFactor === 0 ? 1 : speedFactor,
    supportedFeatures: list(5),
    mandatoryFeatures: list(6),
    sshPublicHostKey: fields[7] ?? "",
  }
}

/** Reads a list of machines; `read` gives the files named with "@" (undefined if one is missing, which is no fault). */
export function parseMachines(
  text: string,
  defaultSystems: readonly string[],
  read: (path: string) => string | undefined = () => undefined,
): Machine[] {
  return expandLines(text, read, 0).map((line) => parseLine(line, defaultSystems))
}

/** The store reference with all that the machine's line says. C++ Nix: completeStoreReference. */
export function completeStoreReference(machine: Machine): StoreReference {
  const { store, params: given } = machine.store
  const params = new Map(given)
  const scheme = store.kind === "specified" ? store.scheme : ""
  if (scheme === "ssh") params.set("max-connections", "1").set("log-fd", "4")
  if (scheme === "ssh" || scheme === "ssh-ng") {
    if (machine.sshKey !== undefined) params.set("ssh-key", machine.sshKey)
    if (machine.sshPublicHostKey !== "") params.set("base64-ssh-public-host-key", machine.sshPublicHostKey)
  }
  const features = [params.get("system-features") ?? "", ...machine.supportedFeatures, ...machine.mandatoryFeatures]
  params.set("system-features", features.filter((feature) => feature !== "").join(" "))
  return { store, params: sortedQuery(params) }
}
