// The views of a result by name, as links carry them.

export type View =
  | { readonly kind: "tree" | "nix" | "json" | "xml" | "stats" | "parsed" | "resolved" | "trace" }
  /** The card of a derivation by its store path; "" for the derivation that the selected node is. */
  | { readonly kind: "drv"; readonly path: string }
  /** The steps to a store path (see DerivationApi.explain), and one of them; "" for what the selected node is. */
  | { readonly kind: "explain"; readonly path: string; readonly step: string }

/** All views as users see them, in their order. */
export const VIEWS: readonly { readonly id: View["kind"]; readonly label: string }[] = [
  { id: "tree", label: "Tree" },
  { id: "drv", label: "Derivation" },
  { id: "explain", label: "Explain" },
  { id: "nix", label: "Nix" },
  { id: "json", label: "JSON" },
  { id: "xml", label: "XML" },
  { id: "stats", label: "Statistics" },
  { id: "parsed", label: "Parsed" },
  { id: "resolved", label: "Resolved" },
  { id: "trace", label: "Trace" },
]

const PLAIN = ["tree", "nix", "json", "xml", "stats", "parsed", "resolved", "trace"] as const

/** A view by its name; an unknown one is the tree. */
export function parseView(name: string): View {
  const plain = PLAIN.find((kind) => kind === name)
  if (plain !== undefined) return { kind: plain }
  const [, kind, rest = ""] = /^(drv|explain)(?::(.*))?$/s.exec(name) ?? []
  if (kind === "drv") return { kind, path: rest }
  if (kind !== "explain") return { kind: "tree" }
  const at = rest.indexOf("#")
  return at < 0 ? { kind, path: rest, step: "" } : { kind, path: rest.slice(0, at), step: rest.slice(at + 1) }
}

export function printView(view: View): string {
  switch (view.kind) {
    case "drv":
      return view.path === "" ? "drv" : `drv:${view.path}`
    case "explain":
      return view.path === "" && view.step === "" ? "explain" : `explain:${view.path}${view.step === "" ? "" : `#${view.step}`}`
    default:
      return view.kind
  }
}
