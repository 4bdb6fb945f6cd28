// Builds seen from a page: what the builder writes comes while it runs, over both protocols that a browser speaks; a page that was
// reloaded goes on where it was.
import { create } from "@bufbuild/protobuf"
import { createClient, type Transport } from "@connectrpc/connect"
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web"
import { expect, test } from "vitest"
import { commands } from "vitest/browser"
import { digestFromBytes } from "../../engine/castore/digest.ts"
import { RpcBlobStore } from "../../engine/castore/rpc-blob-store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { type BuildEvent, BuildService, JobSchema } from "../../engine/proto/gen/gateway_build_pb.ts"
import { bytesOf } from "../castore/contract.ts"

declare module "vitest/browser" {
  interface BrowserCommands {
    /** Starts a gateway that builds; gives its URL, "" where that is not possible. */
    startBuildingGateway(origin: string): Promise<string>
  }
}

const transports: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ["Connect", (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: true })],
  ["gRPC-web", (baseUrl) => createGrpcWebTransport({ baseUrl })],
]

/** A build that writes a line, waits for three seconds of counting, and writes another. */
function jobOf(name: string) {
  const output = `nix/store/00000000000000000000000000000000-${name}`
  // The shell alone: there is no sleep without a tool, but there is a clock.
  const script = `now() { read -r up rest < /proc/uptime; up=\${up%.*}\${up#*.}; }
    now; echo "first at $up"; begin=$up; while now; [ $((up - begin)) -lt 300 ]; do :; done; echo "second at $up"; echo ${name} > $out`
  return create(JobSchema, {
    request: {
      commandArgs: ["/bin/sh", "-ec", script],
      workingDir: "build",
      scratchPaths: ["build", "nix/store"],
      inputsDir: "nix/store",
      outputs: [output],
      environmentVars: [{ key: "out", value: bytesOf(`/${output}`) as Uint8Array<ArrayBuffer> }],
      constraints: { system: "x86_64-linux", provideBinSh: true },
    },
  })
}

test.for(transports)("the log is live, and a watcher that comes back gets the rest (%s)", async ([name, transport], { skip }) => {
  await initHashes()
  const url = await commands.startBuildingGateway(location.origin)
  if (url === "") skip("bubblewrap or busybox-static is missing")
  const client = createClient(BuildService, transport(url))
  const seen: { event: BuildEvent["event"]; at: number }[] = []
  let build = ""
  // The page is "reloaded" after the first line.
  for await (const { event } of client.build({ what: { case: "job", value: jobOf(name) } })) {
    seen.push({ event, at: performance.now() })
    if (event.case === "accepted") build = event.value.build
    if (event.case === "log") break
  }
  for await (const { event, number } of client.build({ what: { case: "build", value: build }, fromEvent: BigInt(seen.length) })) {
    expect(Number(number)).toBe(seen.length)
    seen.push({ event, at: performance.now() })
  }
  const logs = seen.filter(({ event }) => event.case === "log")
  expect(logs).toHaveLength(2)
  // Three seconds lie between them where they are written; here less, where the first one comes late.
  expect(logs[1]!.at - logs[0]!.at).toBeGreaterThan(300)
  const last = seen.at(-1)!.event
  if (last.case !== "done") throw new Error(`it ended as ${last.case}`)
  const entry = last.value.outputs[0]!.entry!.entry
  if (entry.case !== "file") throw new Error("the output is no file")
  const [bytes] = await new RpcBlobStore(transport(url)).getMany([digestFromBytes(entry.value.digest)])
  expect(new TextDecoder().decode(bytes!)).toBe(`${name}\n`)
  expect(await commands.stopGateway(url)).toEqual([])
})
