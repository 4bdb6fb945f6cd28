// Derivations, and how their paths come about, as plain data. All texts are JavaScript strings.

import type { PlaceView, ProblemView, Ref } from "./protocol.ts"

/** What was asked for, or why it cannot be had. */
export type Answer<T> = { readonly value: T } | { readonly problem: ProblemView }

/** A derivation, as its card shows it. Paths are full store paths. */
export interface DerivationView {
  readonly drvPath: string
  readonly name: string
  readonly system: string
  readonly builder: string
  readonly args: readonly string[]
  /** Where `args` was written. */
  readonly argsAt: PlaceView | null
  readonly outputs: readonly OutputView[]
  /** Variables in the order of the file; `at` is where the attribute was written. */
  readonly env: readonly { readonly name: string; readonly value: string; readonly at: PlaceView | null }[]
  readonly inputs: readonly { readonly drvPath: string; readonly name: string; readonly outputs: readonly string[] }[]
  readonly sources: readonly string[]
  /** As `nix derivation show` prints it. */
  readonly json: string
  readonly aterm: AtermStates
  /** How to get the same path from real Nix, on a machine that has the derivation's closure or its source. */
  readonly command: string
}

export interface OutputView {
  readonly name: string
  /** Null where only a build can tell. */
  readonly path: string | null
  /** `input-addressed`, `fixed`, `content-addressed`, `deferred`, `impure`. */
  readonly kind: string
  /** What is promised of it: `fixed:r:sha256:…`; null if nothing is. */
  readonly promise: string | null
}

/** The text of a derivation in the forms that are hashed on the way to its paths. */
export interface AtermStates {
  /** The file. */
  readonly raw: string
  /** The same in lines, with the names of the fields: for reading, hashed nowhere. */
  readonly pretty: string
  /** Own outputs left out; inputs as they are. */
  readonly masked: string
  /** Own outputs left out, inputs replaced by the hashes that stand for them: the text whose SHA-256 makes the output paths. Null if an input is not known before a build. */
  readonly replaced: string | null
}

/** Where an input of a step is from. */
export type OriginView =
  | { readonly kind: "attribute"; readonly name: string; readonly index: number | null; readonly at: PlaceView | null }
  | { readonly kind: "step"; readonly id: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "derivation"; readonly drvPaths: readonly string[] }
  | { readonly kind: "reference"; readonly path: string }
  | { readonly kind: "masked" }
  | { readonly kind: "given"; readonly name: string }
  | { readonly kind: "setting"; readonly name: string }

export interface StepView {
  readonly id: string
  readonly kind: string
  readonly title: string
  /** What it is called in C++ Nix. */
  readonly source: string
  readonly inputs: readonly {
    readonly name: string
    readonly value: string
    readonly from: OriginView
    /** Where it stands in `bytes`, in bytes; null if it is all of them or not there as it is. */
    readonly span: readonly [number, number] | null
  }[]
  /** The bytes that are hashed, cut at 20,000; what is not text as `\x` escapes. */
  readonly bytes: string
  /** How many there are. */
  readonly size: number
  readonly algo: string | null
  readonly result: string
  /** A command for `sh` that prints the result. */
  readonly shell: string
}

export interface ExplanationView {
  readonly steps: readonly StepView[]
  /** By what it leads to (`drvPath`, `out`, `path`) the id of the step. */
  readonly results: readonly (readonly [name: string, step: string])[]
}

/** What came of checking a `.drv` or narinfo that somebody pasted. */
export interface VerdictView extends ExplanationView {
  readonly status: "verified" | "wrong" | "unknown"
  readonly checks: readonly {
    readonly what: string
    readonly status: "verified" | "wrong" | "unknown"
    readonly stated: string | null
    readonly computed: string | null
    readonly step: string | null
    readonly why: string | null
  }[]
}

/** The derivations below one, itself first. */
export interface ClosureView {
  readonly drvs: readonly {
    readonly drvPath: string
    readonly name: string
    /** Steps from the first one, at least. */
    readonly depth: number
    /** Indexes of its input derivations in this list. */
    readonly inputs: readonly number[]
    readonly outputs: readonly string[]
  }[]
  readonly sources: readonly string[]
  /** Whether there are more than were asked for. */
  readonly cut: boolean
}

/** The neighbourhood of a derivation, drawn: lengths in pixels at full size, dependencies to the right. */
export interface GraphView {
  readonly width: number
  readonly height: number
  /** The first is the derivation itself. `x`, `y` are the middle. */
  readonly nodes: readonly {
    readonly path: string
    readonly name: string
    readonly kind: "derivation" | "source"
    readonly x: number
    readonly y: number
    readonly width: number
    readonly height: number
    /** Derivations and sources that it needs and that are not drawn. */
    readonly hidden: number
  }[]
  readonly edges: readonly {
    readonly from: number
    readonly to: number
    readonly outputs: readonly string[]
    readonly points: readonly { readonly x: number; readonly y: number }[]
  }[]
}

/** Why two derivations differ. */
export interface DifferenceView {
  readonly equal: boolean
  /** As `thunkpad derivation diff` prints it. */
  readonly text: string
  /** As `thunkpad derivation diff --json` prints it. */
  readonly json: string
}

/** A derivation of a run: by its store path, or by the place of its value. */
export type DerivationAt = string | Ref

/** The worker's calls about derivations; they are about what the run has made, and what is in the store. */
export interface DerivationApi {
  derivation(run: number, at: DerivationAt): Promise<Answer<DerivationView>>
  /** The steps to a store path that the run has made; to one output alone with `path^output`, to all of a derivation with `drv^*`, to what stands for it in others with `drv^modulo`. */
  explain(run: number, path: string): Promise<Answer<ExplanationView>>
  /** Checks a `.drv` (its file's name must be given) or a narinfo, whose inputs the run may know. */
  verify(run: number, text: string, name: string): Promise<Answer<VerdictView>>
  closure(run: number, drvPath: string, most: number): Promise<Answer<ClosureView>>
  /** The nearest `most` derivations and sources below one, with places to draw them. */
  graph(run: number, drvPath: string, most: number): Promise<Answer<GraphView>>
  /** Compares two derivations, each of its own run (which may be the same). */
  compare(left: readonly [run: number, drvPath: string], right: readonly [run: number, drvPath: string]): Promise<Answer<DifferenceView>>
}
