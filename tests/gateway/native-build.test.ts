// The same derivations built by real Nix with its sandbox on and by a gateway, over the wire: the same archives, the same
// references. (Nix 2.8 says less in .attrs.json: "valid" came later.) One skipped test where Nix or bubblewrap is missing.
import { create } from "@bufbuild/protobuf"
import { type Client, createClient } from "@connectrpc/connect"
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { derivationRequest } from "../../engine/build/derivation-request.ts"
import { parseAterm } from "../../engine/formats/derivation/aterm-reader.ts"
import { derivationPath } from "../../engine/formats/derivation/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printKey, publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { hashPart, printStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { BubblewrapExecutor } from "../../engine/gateway/build/bubblewrap.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import { defaultBuildLimits } from "../../engine/gateway/build/executor.ts"
import { BuildService as SnixBuildService } from "../../engine/proto/gen/build_pb.ts"
import type { Entry } from "../../engine/proto/gen/castore_pb.ts"
import { type BuildEvent, BuildService, JobSchema, BuildEvent_Failed_Reason as Reason } from "../../engine/proto/gen/gateway_build_pb.ts"
import { BuildService as TvixBuildService } from "../../engine/proto/gen/tvix_build_pb.ts"
import { memoryStore } from "../store/memory-store.ts"
import { NativeGraph, whyNotNative } from "./native-graph.ts"
import { type RunningGateway, startGateway } from "./server.ts"

const missing = whyNotNative()

if (missing !== undefined) test.skip(`builds beside real Nix: ${missing}`, () => {})
else
  describe("builds beside real Nix", { timeout: 300_000 }, () => {
    let gateway: RunningGateway
    let client: Client<typeof BuildService>
    let native: NativeGraph
    let signingKey: ReturnType<typeof secretKeyFromSeed>

    beforeAll(async () => {
      await initHashes()
      const { stores } = memoryStore()
      native = new NativeGraph(stores)
      await native.open()
      signingKey = secretKeyFromSeed("builder-1", new Uint8Array(32).fill(1))
      const executor = new BubblewrapExecutor({ stores, folder: `${native.folder}/sandbox`, limits: defaultBuildLimits, jobs: 2 })
      const builds = new Builds({ stores, folder: `${native.folder}/journal`, executors: [executor] })
      await builds.open()
      gateway = await startGateway({ stores, builds, signingKey })
      client = createClient(BuildService, createConnectTransport({ baseUrl: gateway.url, httpVersion: "1.1" }))
    })

    afterAll(async () => {
      await gateway?.close()
      native?.close()
    })

    /** Builds one derivation on the gateway, over the wire. */
    async function build(path: StorePath): Promise<{ end: BuildEvent["event"]; log: string }> {
      let end: BuildEvent["event"] = { case: undefined }
      let log = ""
      for await (const { event } of client.build({ what: { case: "job", value: await native.jobOf(path) } })) {
        end = event
        if (event.case === "log") log += Buffer.from(event.value.data).toString("latin1")
      }
      return { end, log }
    }

    test("the example graph: the same archives and references, whatever the builders look at", async () => {
      const drvs = await native.instantiate("top")
      await native.nix("nix-store", "--store", native.root, "--realise", printStorePath(drvs.at(-1)!))
      const differences: string[] = []
      for (const path of drvs) {
        const { end, log } = await build(path)
        expect([end.case, end.case === "failed" ? end.value.message + log : ""]).toEqual(["done", ""])
        differences.push(...(await native.differences(path)))
      }
      expect(differences).toEqual([])
      expect(gateway.faults).toEqual([])
    })

    test("a builder that looks at all that is around it sees the same", async () => {
      const drvs = await native.instantiate("surroundings")
      await native.nix("nix-store", "--store", native.root, "--realise", printStorePath(drvs.at(-1)!))
      for (const path of drvs) expect((await build(path)).end.case).toBe("done")
      expect(await native.differences(drvs.at(-1)!)).toEqual([])
    })

    test("the results substitute into real Nix, with signatures required", async () => {
      const drvs = await native.instantiate("top")
      const [top] = native.outputsOf(drvs.at(-1)!).values()
      const key = printKey(publicKeyOf(signingKey))
      const root = `${native.folder}/copied`
      await native.nix("nix", "copy", "--from", gateway.url, "--to", root, "--trusted-public-keys", key, printStorePath(top!))
      await native.nix("nix-store", "--store", root, "--verify", "--check-contents")
    })

    test("real Nix reads logs from its binary cache, and what is in the results", async () => {
      const drvs = await native.instantiate("low")
      for (const path of drvs) expect((await build(path)).end.case).toBe("done")
      const low = drvs.at(-1)!
      const out = native.outputsOf(low).get("out")!
      for (const what of [low, out]) {
        expect(String(await native.nix("nix", "log", "--store", gateway.url, printStorePath(what)))).toBe("log of low\n")
      }
      const listed = String(await native.nix("nix", "store", "ls", "--store", gateway.url, "-R", printStorePath(out)))
      expect(listed).toBe(String(await native.nix("nix", "store", "ls", "--store", native.root, "-R", printStorePath(out))))
      expect(listed).toContain("./modes\n")
      const [failing] = (await native.instantiate("failing")).slice(-1)
      await build(failing!)
      expect(String(await native.nix("nix", "log", "--store", gateway.url, printStorePath(failing!)))).toBe("before\n")
    })

    test.each([
      ["failing", Reason.BUILDER, "builder failed with exit code 7"],
      ["wrongHash", Reason.OUTPUT_REJECTED, "hash mismatch in fixed-output derivation"],
      ["refers", Reason.OUTPUT_REJECTED, "is not allowed to refer to the following paths:\n  /nix/store/"],
      ["cycle", Reason.OUTPUT_REJECTED, "cycle detected in build of '/nix/store/"],
      ["feature", Reason.INPUT_REJECTED, "Required features: {unobtainium}"],
    ])("%s fails as it does there", async (attribute, reason, message) => {
      const drvs = await native.instantiate(attribute)
      for (const path of drvs.slice(0, -1)) expect((await build(path)).end.case).toBe("done")
      const { end, log } = await build(drvs.at(-1)!)
      expect(end.case === "failed" && end.value.reason).toBe(reason)
      expect(end.case === "failed" && end.value.message).toContain(message)
      if (attribute === "failing") expect(log).toBe("before\n")
      const [output] = native.outputsOf(drvs.at(-1)!).values()
      expect(await gateway.stores.infos.get(hashPart(output!))).toBeNull()
      expect((await native.run("nix-store", "--store", native.root, "--realise", printStorePath(drvs.at(-1)!))).ok).toBe(false)
    })

    test("a derivation that is not what it says is refused", async () => {
      const drvs = await native.instantiate("large")
      const path = drvs.at(-1)!
      const request = (await native.jobOf(path)).request!
      const text = native.textOf(path)
      const ask = async (derivation: string, derivationPath: string = path) => {
        const value = create(JobSchema, { request, derivationPath, derivation: new Uint8Array(Buffer.from(derivation, "latin1")) })
        for await (const _ of client.build({ what: { case: "job", value } })) return "accepted"
        return "nothing"
      }
      await expect(ask(text.replace("large", "small"))).rejects.toMatchObject({ code: 3 })
      await expect(ask("nonsense")).rejects.toMatchObject({ code: 3 })
      await expect(ask(text, drvs.at(-1)!.replace("large", "small"))).rejects.toMatchObject({ code: 3 })
      await expect(ask(text, "nonsense")).rejects.toMatchObject({ code: 3 })
      expect(await ask(text)).toBe("accepted")
    })

    test("a derivation that names outputs of others is refused, where all that it needs is known", async () => {
      const drvs = await native.instantiate("parallelOne")
      for (const path of drvs.slice(0, -1)) expect((await build(path)).end.case).toBe("done")
      const path = drvs.at(-1)!
      const [output] = native.outputsOf(path).values()
      // Everything else fits together: the text, its path, the request.
      const victim = "/nix/store/00000000000000000000000000000000-parallel-1"
      const text = native.textOf(path).replaceAll(printStorePath(output!), victim)
      const drv = parseAterm(text, "parallel-1")
      const request = derivationRequest(drv, await native.closureOf(path))
      const lie = create(JobSchema, {
        request,
        derivationPath: derivationPath(drv, text),
        derivation: new Uint8Array(Buffer.from(text, "latin1")),
      })
      let end: BuildEvent["event"] = { case: undefined }
      for await (const { event } of client.build({ what: { case: "job", value: lie } })) end = event
      if (end.case !== "failed") throw new Error(`it ended as ${end.case}`)
      expect([end.value.reason, end.value.message]).toEqual([
        Reason.INPUT_REJECTED,
        `derivation has incorrect output '${victim}', should be '${printStorePath(output!)}'`,
      ])
      expect(await gateway.stores.infos.get("0".repeat(32))).toBeNull()
      expect((await build(path)).end.case).toBe("done")
    })

    test("Snix's and Tvix's DoBuild give the same outputs", async () => {
      const drvs = await native.instantiate("low")
      const request = (await native.jobOf(drvs.at(-1)!)).request!
      const grpc = createGrpcTransport({ baseUrl: gateway.url })
      const snix = await createClient(SnixBuildService, grpc).doBuild(request)
      const tvix = await createClient(TvixBuildService, grpc).doBuild(request)
      expect(snix.outputs).toHaveLength(3)
      const names = tvix.outputs.map(({ entry }) => Buffer.from(entry.value!.name).toString())
      expect(names.map((name) => `nix/store/${name}`)).toEqual(request.outputs)
      const digests = (entries: readonly (Entry | undefined)[]) =>
        entries.map((entry) =>
          entry?.entry.case === "symlink" ? entry.entry.value.target : Buffer.from(entry!.entry.value!.digest).toString("hex"),
        )
      expect(digests(tvix.outputs)).toEqual(digests(snix.outputs.map(({ output }) => output)))
      expect(tvix.outputsNeedles.map(({ needles }) => needles)).toEqual(snix.outputs.map(({ needles }) => needles))
      const [failing] = (await native.instantiate("failing")).slice(-1)
      const failed = (await native.jobOf(failing!)).request!
      await expect(createClient(SnixBuildService, grpc).doBuild(failed)).rejects.toThrow(/exit code 7\nbefore/)
    })

    test("what can be built is told, and what was built is listed", async () => {
      const { executors } = await client.describeBuilds({})
      expect(executors).toMatchObject([{ name: "bubblewrap", jobs: 2, unavailable: "" }])
      const list = await client.list({ limit: 3 })
      expect(list.builds).toHaveLength(3)
      await expect(client.cancel({ build: "nothing" })).rejects.toMatchObject({ code: 5 })
      await client.cancel({ build: list.builds[0]!.build })
    })
  })
