// Workspaces as bundles: in a file, and on a gateway; what a workspace cannot hold is refused before it is fetched.

import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { directoryNode, directoryOf } from "../../engine/castore/directory.ts"
import type { Node } from "../../engine/castore/node.ts"
import { BundleDesk } from "../../engine/worker/bundle-desk.ts"
import type { BundleProgress } from "../../engine/worker/bundle-protocol.ts"
import { type RunningGateway, startGateway } from "../gateway/server.ts"

let gateway: RunningGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

const desk = new BundleDesk()
const sample = {
  files: { "main.nix": 'import ./lib/ä.nix + "é😀"\n', "lib/ä.nix": "1", "empty.nix": "", "bom.nix": "\ufeff1" },
  settings: { entry: "lib/ä.nix", name: "A & B" },
}
const endpoint = () => ({ url: gateway.url })
let last = 0
const fetchBundle = (root: string, progress: (done: BundleProgress) => void = () => {}) =>
  desk.fetchBundle(++last, { root, endpoint: endpoint() }, progress)

async function written(): Promise<{ root: string; bytes: Uint8Array }> {
  const answer = await desk.writeBundle(sample)
  if ("problem" in answer) throw new Error(answer.problem.message)
  return answer.value
}

test("a workspace comes back from a file as it was, with its settings, under the digest that was told", async () => {
  const { root, bytes } = await written()
  expect(await desk.readBundle(bytes)).toEqual({ value: { root, ...sample } })
  // The digest is that of the files alone where nothing else is told, so that others who have the files can check it.
  const plain = await desk.writeBundle({ files: sample.files, settings: {} })
  expect("value" in plain && plain.value.root).not.toBe(root)
})

test("a damaged file is refused with a sentence", async () => {
  const { bytes } = await written()
  const changed = bytes.slice()
  changed[bytes.length - 20] = (changed[bytes.length - 20] as number) ^ 0xff
  expect(await desk.readBundle(changed)).toMatchObject({ problem: { code: "damaged" } })
  expect(await desk.readBundle(Buffer.from("hello"))).toEqual({ problem: { code: "invalid", message: "this is no bundle" } })
})

test("a workspace is put on a gateway once, and fetched by its digest", async () => {
  const first = await desk.uploadBundle(sample, endpoint())
  expect(first).toEqual({ value: (await written()).root })
  expect(await desk.uploadBundle(sample, endpoint())).toEqual(first)
  expect("value" in first && (await fetchBundle(first.value))).toEqual({ value: sample })
  expect(await fetchBundle("0".repeat(64))).toMatchObject({ problem: { code: "absent" } })
  expect(await fetchBundle("../../etc")).toMatchObject({ problem: { code: "invalid" } })
})

test("what a workspace cannot hold is refused", async () => {
  const { blobs, directories } = gateway.stores
  const [binary] = await blobs.putMany([Buffer.from([0xff, 0xfe, 0])])
  const rootWith = async (name: string, node: Node): Promise<string> => {
    const [root] = await directories.putMany([directoryOf([[name, node]])])
    return root as string
  }
  const file = { kind: "file", executable: false } as const
  const cases: [string, RegExp][] = [
    [await rootWith("a", { kind: "symlink", target: "/etc/passwd" }), /'a' is a symlink/],
    [await rootWith("a", { ...file, digest: binary as never, size: 3 }), /the file 'a' is no text/],
    [await rootWith("a", { ...file, digest: binary as never, size: 2 ** 40 }), /more than 33554432 bytes/],
  ]
  for (const [root, why] of cases)
    expect(await fetchBundle(root)).toEqual({ problem: { code: "invalid", message: expect.stringMatching(why) } })
  // Sixteen levels of two folders each: few directories, and far too many paths.
  let node: Node = directoryNode(directoryOf([]))
  const levels = [directoryOf([])]
  for (let i = 0; i < 16; i++) {
    const level = directoryOf([
      ["a", node],
      ["b", node],
    ])
    levels.push(level)
    node = directoryNode(level)
  }
  const digests = await directories.putMany(levels)
  expect(await fetchBundle(digests.at(-1) as string)).toMatchObject({
    problem: { code: "invalid", message: expect.stringContaining("too many for a workspace") },
  })
})

test("a gateway that is not there is said to be so", async () => {
  const gone = await startGateway()
  await gone.close()
  expect(await desk.fetchBundle(++last, { root: "0".repeat(64), endpoint: { url: gone.url } }, () => {})).toMatchObject({
    problem: { code: "unreachable" },
  })
}, 60_000)

test("a fetch tells how far it is, and ends at once when it is given up", async () => {
  const put = await desk.uploadBundle(sample, endpoint())
  const told: BundleProgress[] = []
  if ("value" in put) await fetchBundle(put.value, (done) => told.push(done))
  // Four texts, a folder and the settings.
  expect(told[0]).toEqual({ entries: 0, total: 6, bytes: 0 })

  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
  const asked = new Promise((resolve) => silent.once("request", resolve))
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const id = ++last
  const answer = desk.fetchBundle(id, { root: "0".repeat(64), endpoint: { url } }, () => {})
  await asked
  await desk.cancelFetch(id)
  expect(await answer).toEqual({ problem: { code: "cancelled", message: "it was cancelled" } })
  silent.closeAllConnections()
  silent.close()
})
