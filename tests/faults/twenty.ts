// Twenty derivations, each of which writes three lines to its log and takes a while; four outputs have some megabytes: what is disturbed.

import type { BuildOutcome } from "../../engine/build/scheduler.ts"
import type { StorePath } from "../../engine/formats/store-path/store-path.ts"
import { instantiate, type Tab } from "../build/building.ts"

/** Tells the builders of this process from those of others: it is in their scripts. */
const ours = `run-${process.pid}`

/** Finds the name of one of the twenty in a builder's command line. */
export const twentyInCommand = new RegExp(`: ${ours}.*echo (node-\\d+|all)\\.\\$i`)

/** A set with the attribute `all`, for instantiate(). With another `mark` they are other derivations, with the same contents. */
function twenty(mark: string): string {
  const script = (name: string, end: string): string => `: ${ours}-${mark}; for i in 1 2 3; do echo ${name}.$i; sleep 0.1; done; ${end}`
  const name = "node-${toString n}"
  return `let
    node = n: sh "${name}" { below = if n < 4 then [ ] else [ (node (n - 4)) (node (n - 3)) ]; }
      "${script(name, `cat /dev/null $below > $out; echo ${name} >> $out`)} ${'${if n < 16 then "" else "cat $tools/busybox >> $out"}'}";
  in { all = sh "all" { nodes = map node [ 16 17 18 ]; } "${script("all", "cat $nodes > $out")}"; }`
}

/** The names of all of them. */
export const twentyNames: readonly string[] = [...Array.from({ length: 19 }, (_, n) => `node-${n}`), "all"]

/** The log of one. */
export function logOfOne(name: string): string {
  return [1, 2, 3].map((i) => `${name}.${i}\n`).join("")
}

/** Brings them into a tab's store; gives the last. */
export async function instantiateTwenty(tab: Tab, mark = ""): Promise<StorePath> {
  const [drv] = await instantiate(tab, twenty(mark), ["all"])
  return drv!
}

/** The NAR hashes of all twenty outputs, by name, as the tab's store has them; what failed is thrown. */
export async function hashesOf(tab: Tab, outcome: BuildOutcome): Promise<Map<string, string>> {
  const failed = [...outcome.failures].map(([path, fault]) => `${path}: ${fault.reason}: ${fault.message}`)
  if (failed.length > 0) throw new Error(failed.join("\n"))
  const hashes = new Map<string, string>()
  for (const news of tab.news) {
    if (news.kind !== "planned") continue
    for (const { name, outputs } of news.rows) {
      const info = await tab.store.require(tab.store.parse(outputs["out"]!))
      hashes.set(name, Buffer.from(info.narHash.bytes).toString("hex"))
    }
  }
  return hashes
}

/** What the tab was told of the log of one since its last attempt began. */
export function lastLog(tab: Tab, name: string): string {
  let log = ""
  for (const news of tab.news) {
    if (!("drvPath" in news) || !news.drvPath.endsWith(`-${name}.drv`)) continue
    if (news.kind === "started" || news.kind === "anew") log = ""
    if (news.kind === "log") log += Buffer.from(news.bytes).toString("latin1")
  }
  return log
}
