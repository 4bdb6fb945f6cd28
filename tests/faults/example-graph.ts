// The example graph as a tab builds it: a fixed output, a chain with several outputs, four side by side, and one that fails.
import type { StorePath } from "../../engine/formats/store-path/store-path.ts"
import { instantiate, type Tab } from "../build/building.ts"

const graph = `rec {
  fixed = sh "fixed" { outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" "fixed\\n"; } "echo fixed > $out";
  low = sh "low" { inherit fixed; outputs = [ "out" "dev" "doc" ]; } "mkdir $out $dev; cp $fixed $out/fixed; ln -s $out $dev/out; echo documentation > $doc; echo log of low";
  parallel = map (n: sh "parallel-\${toString n}" { inherit (low) dev doc; inherit n; } "echo $n $dev > $out; cat $doc >> $out; chmod +x $out") [ 1 2 3 4 ];
  failing = sh "failing" { inherit low; } "echo before; exit 7";
  above = sh "above" { inherit failing; } "echo > $out";
  top = sh "top" { inherit parallel; inherit (low) dev; } "mkdir $out; ln -s $dev $out/dev; cat $parallel > $out/all; echo log of top";
}`

/** What became of it, in the same words wherever it was built. */
export interface GraphOutcome {
  /** NAR hash and references of each output. */
  readonly outputs: Readonly<Record<string, string>>
  readonly failures: Readonly<Record<string, string>>
  readonly logs: readonly string[]
}

/** Builds it, with whatever does not fail. */
export async function buildExampleGraph(tab: Tab): Promise<GraphOutcome> {
  const drvs = await instantiate(tab, graph, ["top", "above"])
  const { failures } = await tab.scheduler.build(
    drvs.map((drvPath) => ({ drvPath, outputs: "all" })),
    { keepGoing: true },
  )
  const broken = [...failures].filter(([, { reason }]) => reason === "infrastructure" || reason === "input-rejected")
  if (broken.length > 0) throw new Error(broken.map(([path, { message }]) => `${path}: ${message}`).join("\n"))
  const outputs: Record<string, string> = {}
  for (const news of tab.news) {
    if (news.kind !== "done") continue
    for (const full of Object.values(news.outputs)) {
      const { narHash, references } = await tab.store.require(tab.store.parse(full))
      outputs[full] = [Buffer.from(narHash.bytes).toString("hex"), ...references].join(" ")
    }
  }
  const nameOf = (path: StorePath): string => path.slice(33).replace(/\.drv$/, "")
  return {
    outputs: Object.fromEntries(Object.entries(outputs).sort()),
    failures: Object.fromEntries(
      [...failures].map(([path, { reason, exitCode }]) => [nameOf(path), exitCode === undefined ? reason : `${reason} ${exitCode}`]).sort(),
    ),
    logs: ["low", "top", "failing"].map((name) => tab.logOf(`-${name}.drv`)),
  }
}

/** What it must be, besides the outputs. */
export const graphEnds = {
  failures: { above: "dependency", failing: "builder 7" },
  logs: ["log of low\n", "log of top\n", "before\n"],
} as const
