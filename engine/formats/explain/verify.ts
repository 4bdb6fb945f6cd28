// Checks a derivation's file, or a narinfo, against what its own text says: every path that can be computed is, and where
// one does not fit the step is named. What would need more (an input derivation, an archive, a key) is said to be unknown.

import { parseAterm } from "../derivation/aterm-reader.ts"
import { printAterm } from "../derivation/aterm-writer.ts"
import { type Derivation, outputPath } from "../derivation/derivation.ts"
import { FormatError } from "../error.ts"
import { digest } from "../hash/digest.ts"
import { hashEquals, parseBareHash, printHash } from "../hash/hash.ts"
import type { NarInfo } from "../narinfo/nar-info.ts"
import { fingerprint } from "../narinfo/path-info.ts"
import { type PublicKey, verifyText } from "../narinfo/signature.ts"
import { outputPathName } from "../store-path/compute.ts"
import { parseMethodAlgo } from "../store-path/content-address.ts"
import { drvNameOfPath, namePart, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { readDerivationTerms } from "./aterm-terms.ts"
import type { Explainer } from "./explainer.ts"
import type { Explanation } from "./step.ts"

/** One thing that was checked. */
export interface Check {
  readonly what: string
  readonly status: "verified" | "wrong" | "unknown"
  /** What the text says and what was computed, where they differ. */
  readonly stated?: string
  readonly computed?: string
  /** The step whose result does not fit, in the explanation. */
  readonly step?: string
  /** Why it does not fit or cannot be known. */
  readonly why?: string
}

/** What came of all checks; `verified` only if all of them are. */
export interface Verdict {
  readonly status: "verified" | "wrong" | "unknown"
  readonly checks: readonly Check[]
  /** The steps that were computed. */
  readonly explanation: Explanation
}

const noSteps: Explanation = { steps: [], results: new Map() }

function verdict(checks: readonly Check[], explanation: Explanation): Verdict {
  const has = (status: Check["status"]): boolean => checks.some((check) => check.status === status)
  return { status: has("wrong") ? "wrong" : has("unknown") ? "unknown" : "verified", checks, explanation }
}

function compare(what: string, stated: string, computed: string, step: string | undefined): Check {
  if (stated === computed) return { what, status: "verified" }
  return { what, status: "wrong", stated, computed, ...(step === undefined ? {} : { step }) }
}

function resultOf(explanation: Explanation, name: string): { readonly step: string; readonly result: string } | undefined {
  const step = explanation.steps.find(({ id }) => id === explanation.results.get(name))
  return step === undefined ? undefined : { step: step.id, result: step.result }
}

/** For a text that cannot be read: the fixed outputs whose path is not that of their hash, if that is why. */
function fixedOutputFaults(explainer: Explainer, drvPath: StorePath, aterm: string): Check[] {
  const faults: Check[] = []
  attempt("outputs", [], () => {
    const [outputs] = readDerivationTerms(aterm)
    for (const term of outputs?.kind === "items" ? outputs.items : []) {
      const [name, path, methodAlgo, hash] = (term.kind === "items" ? term.items : []).map((t) => (t.kind === "string" ? t.value : ""))
      if (name === undefined || path === undefined || !methodAlgo || !hash || hash === "impure") continue
      const { method, algo } = parseMethodAlgo(methodAlgo)
      const address = { method, hash: parseBareHash(hash, algo) }
      const made = explainer.address(outputPathName(drvNameOfPath(drvPath), name), address)
      const right = resultOf(made, "path")!
      if (right.result !== path) faults.push(compare(`path of output '${name}'`, path, right.result, right.step))
    }
  })
  return faults
}

/** Runs `compute`; a FormatError becomes a check of what it says. */
function attempt<T>(what: string, checks: Check[], compute: () => T): T | undefined {
  try {
    return compute()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    checks.push({ what, status: error.code === "unresolved" ? "unknown" : "wrong", why: error.message })
    return undefined
  }
}

function firstDifference(a: string, b: string): number {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return i
}

function checkOutputs(drv: Derivation, explanation: Explanation, storeDir: string): Check[] {
  const checks: Check[] = []
  for (const name of [...drv.outputs.keys()].sort()) {
    const output = drv.outputs.get(name)!
    const path = outputPath(output, drv.name, name, storeDir)
    const stated = path === undefined ? "" : printStorePath(path, storeDir)
    const found = resultOf(explanation, name)
    if (output.kind === "inputAddressed" || output.kind === "caFixed") {
      const why = "an output of an input is not known before it is built, so this one cannot be known either"
      if (found === undefined) checks.push({ what: `path of output '${name}'`, status: "wrong", stated, why })
      else checks.push(compare(`path of output '${name}'`, stated, found.result, found.step))
    } else if (output.kind === "deferred" && found !== undefined) {
      const why = "all inputs are known, so this output has a path"
      checks.push({ what: `path of output '${name}'`, status: "wrong", stated, computed: found.result, step: found.step, why })
    }
    const variable = drv.env.get(name)
    if (variable !== undefined) checks.push(compare(`variable '${name}'`, variable, found?.result ?? "", found?.step))
  }
  return checks
}

/**
 * Checks the text of a derivation's file: that it is as Nix writes it, that its output paths and the variables named
 * like them are what they must be, and that `drvPath` is its path. Never fails on account of the text.
 */
export function verifyDerivation(explainer: Explainer, drvPath: StorePath, aterm: string): Verdict {
  const { storeDir } = explainer
  const checks: Check[] = []
  const drv = attempt("text of the derivation", checks, () => parseAterm(aterm, drvNameOfPath(drvPath), storeDir))
  if (drv === undefined) return verdict([...checks, ...fixedOutputFaults(explainer, drvPath, aterm)], noSteps)
  const canonical = printAterm(drv, storeDir)
  if (canonical === aterm) checks.push({ what: "text of the derivation", status: "verified" })
  else {
    const why = `Nix would write it otherwise from byte ${firstDifference(canonical, aterm)} on`
    checks.push({ what: "text of the derivation", status: "wrong", why })
  }
  const file = explainer.file(drvPath, aterm, new Set([...drv.inputSrcs, ...drv.inputDrvs.keys()]))
  const own = resultOf(file, "drvPath")!
  const ownCheck = compare("path of the derivation", printStorePath(drvPath, storeDir), own.result, own.step)
  const whole = attempt("paths of the outputs", checks, () => explainer.derivation(drvPath, drv))
  if (whole !== undefined) checks.push(...checkOutputs(drv, whole, storeDir))
  checks.push(ownCheck)
  // If outputs are wrong, the explanation is of the derivation as it ought to be; the file's own steps are beside it.
  return verdict(checks, whole !== undefined && whole.aterm === aterm ? whole : merged(whole ?? noSteps, file))
}

/** The steps of both; where both have a step, that of the second. */
function merged(a: Explanation, b: Explanation): Explanation {
  const ids = new Set(b.steps.map(({ id }) => id))
  return { steps: [...a.steps.filter(({ id }) => !ids.has(id)), ...b.steps], results: new Map([...a.results, ...b.results]) }
}

/** What there is besides a narinfo's text. */
export interface NarInfoEvidence {
  /** The archive, unpacked. */
  readonly nar?: Uint8Array
  readonly keys?: readonly PublicKey[]
}

/**
 * Checks a narinfo: its path by its content address, or by its deriver if that is to be had; its archive if it is given;
 * its signatures by the keys that are given.
 */
export function verifyNarInfo(explainer: Explainer, info: NarInfo, evidence: NarInfoEvidence = {}): Verdict {
  const checks: Check[] = []
  let explanation = noSteps
  const stated = printStorePath(info.path, info.storeDir)
  const { ca, deriver } = info
  if (ca !== undefined) {
    const references = { others: info.references.filter((path) => path !== info.path), self: info.references.includes(info.path) }
    const made = attempt("path by its content address", checks, () => explainer.address(namePart(info.path), ca, references))
    if (made !== undefined) {
      explanation = made
      const path = resultOf(made, "path")!
      checks.push(compare("path by its content address", stated, path.result, path.step))
    }
    // With a reference to itself the address is of the archive with that left out, which only the archive can tell.
    if (ca.method === "nar" && ca.hash.algo === "sha256" && !references.self) {
      checks.push(
        compare("content address by the archive's hash", printHash(ca.hash, "nix32"), printHash(info.narHash, "nix32"), undefined),
      )
    }
  } else if (deriver !== undefined) {
    const made = attempt("path by its deriver", checks, () => explainer.derivation(deriver))
    if (made !== undefined) {
      explanation = made
      const fits = [...made.results.keys()].some((name) => name !== "drvPath" && resultOf(made, name)?.result === stated)
      const why = `no output of ${printStorePath(deriver, info.storeDir)} has this path`
      checks.push(
        fits ? { what: "path by its deriver", status: "verified" } : { what: "path by its deriver", status: "wrong", stated, why },
      )
    }
  } else {
    const why = "it has no content address, and its derivation is not named"
    checks.push({ what: "path", status: "unknown", why })
  }
  if (evidence.nar !== undefined) {
    const hash = { algo: info.narHash.algo, bytes: digest(info.narHash.algo, evidence.nar) }
    const equal = hashEquals(hash, info.narHash)
    checks.push(
      equal
        ? { what: "hash of the archive", status: "verified" }
        : { what: "hash of the archive", status: "wrong", stated: printHash(info.narHash, "nix32"), computed: printHash(hash, "nix32") },
    )
    checks.push(compare("size of the archive", String(info.narSize), String(evidence.nar.length), undefined))
  }
  const keys = evidence.keys ?? []
  for (const signature of info.signatures) {
    const what = `signature by '${signature.keyName}'`
    if (!keys.some(({ name }) => name === signature.keyName)) {
      checks.push({ what, status: "unknown", why: "no key of that name is given" })
      continue
    }
    const signs = attempt(what, checks, () => verifyText(fingerprint(info), signature, keys))
    if (signs === true) checks.push({ what, status: "verified" })
    else if (signs === false) checks.push({ what, status: "wrong", why: `it does not sign ${fingerprint(info)}` })
  }
  return verdict(checks, explanation)
}
