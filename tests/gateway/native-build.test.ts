// The same derivations built by real Nix with its sandbox on and by a gateway, over the wire: the same archives, the same
// references. (Nix 2.8 says less in .attrs.json: "valid" came later.) The builders write down all that they see: variables, files, users, the root. One skipped test where Nix or bubblewrap
// is missing.
import { execFile, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { create } from "@bufbuild/protobuf"
import { type Client, createClient } from "@connectrpc/connect"
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { derivationRequest } from "../../engine/build/derivation-request.ts"
import { ingestNar } from "../../engine/castore/archive-nar.ts"
import { parseAterm } from "../../engine/formats/derivation/aterm-reader.ts"
import { type Derivation, outputPath } from "../../engine/formats/derivation/derivation.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printHash } from "../../engine/formats/hash/hash.ts"
import { secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { drvNameOfPath, hashPart, parseStorePath, printStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { BubblewrapExecutor } from "../../engine/gateway/build/bubblewrap.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import { defaultBuildLimits } from "../../engine/gateway/build/executor.ts"
import { BuildService as SnixBuildService } from "../../engine/proto/gen/build_pb.ts"
import type { Entry } from "../../engine/proto/gen/castore_pb.ts"
import { type BuildEvent, BuildService, JobSchema, BuildEvent_Failed_Reason as Reason } from "../../engine/proto/gen/gateway_build_pb.ts"
import { BuildService as TvixBuildService } from "../../engine/proto/gen/tvix_build_pb.ts"
import type { StoredPath } from "../../engine/store/path-info-store.ts"
import { Store } from "../../engine/store/store.ts"
import { type RunningGateway, startGateway } from "./server.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-native-build-`))
const native = `${folder}/native`
const missing =
  spawnSync("nix-store", ["--version"]).status !== 0
    ? "nix-store is not on PATH"
    : spawnSync("bwrap", ["--version"]).status !== 0 || !fs.existsSync("/bin/busybox")
      ? "bubblewrap or busybox-static is missing"
      : undefined

const expression = `let
  system = builtins.currentSystem;
  busybox = builtins.path { path = ./tools; name = "tools"; };
  sh = name: attrs: script: derivation ({ inherit name system busybox; builder = "/bin/sh"; args = [ "-ec" ("export BB=\${busybox}; PATH=$BB; " + script) ]; } // attrs);
  see = "mkdir $out; export -p | sort > $out/env; id > $out/id; ls / /build /etc /tmp /bin > $out/ls; cat /etc/passwd /etc/group /etc/hosts > $out/etc; pwd > $out/pwd; umask > $out/umask; hostname > $out/host; cat /proc/net/dev | grep -c : > $out/net; stat -c '%a %n' /build /tmp /nix /nix/store > $out/modes || true;";
  fixed = sh "fixed" { outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" "fixed\\n"; } "echo fixed > $out";
  tree = sh "fixed-tree" { outputHashMode = "recursive"; outputHashAlgo = "sha256"; outputHash = "TREEHASH"; } "mkdir $out; echo $NIX_OUTPUT_CHECKED > $out/checked; ln -s nowhere $out/link";
  low = sh "low" { inherit fixed tree; outputs = [ "out" "dev" "doc" ]; bytes = "a b"; } (see + "rm $out/env; mkdir -p $dev/include; ln -s $out $dev/out; echo documentation > $doc; echo log of low");
  files = sh "files" { passAsFile = [ "long" "other" ]; long = builtins.concatStringsSep "" (builtins.genList (n: "0123456789") 20000); other = low.dev; exportReferencesGraph = [ "graph" low "graph2" ./source ]; } (see + "cp $longPath $out/long; cp $otherPath $out/other; cp graph graph2 $out/; ls -a /build > $out/build");
  structured = derivation { name = "structured"; inherit system; builder = "/bin/sh"; __structuredAttrs = true; outputs = [ "out" "lib" ]; list = [ 1 "two" true null ]; set = { a = "b c"; n = 7; }; nested = { x = [ 1 ]; }; quote = "it's"; half = 0.5; exportReferencesGraph.closure = [ low ]; tools = busybox;
    args = [ "-ec" "PATH=\${busybox}; out=\${builtins.placeholder "out"}; lib=\${builtins.placeholder "lib"}; \${see} rm $out/env; cp /build/.attrs.sh $out/sh; sed 's/,.valid.:true//g' /build/.attrs.json > $out/json; echo lib > $lib" ]; };
  parallel = map (n: sh "parallel-\${toString n}" { inherit low n; } "echo $n $low > $out") [ 1 2 3 4 ];
  top = sh "top" { inherit parallel files structured; inherit (low) dev; allowedReferences = [ "out" low.dev structured ]; } "mkdir $out; ln -s $dev $out/dev; echo $structured $out > $out/refs; cp -r $files $out/files; chmod -R u+w $out; rm -r $out/files/env $out/files/graph* $out/files/other";
in { inherit top files structured low;
  failing = sh "failing" { } "echo before; exit 7";
  wrongHash = sh "wrong" { outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" "other"; } "echo right > $out";
  refers = sh "refers" { inherit low; allowedReferences = [ ]; } "echo $low > $out";
  cycle = sh "cycle" { outputs = [ "out" "dev" "man" ]; } "echo $dev > $out; echo $man > $dev; echo $out > $man";
  large = sh "large" { __structuredAttrs = false; } "echo > $out";
  feature = sh "feature" { requiredSystemFeatures = [ "unobtainium" ]; } "echo > $out";
}`

if (missing !== undefined) test.skip(`builds beside real Nix: ${missing}`, () => {})
else
  describe("builds beside real Nix", { timeout: 180_000 }, () => {
    let gateway: RunningGateway
    let builds: Builds
    let client: Client<typeof BuildService>
    let store: Store

    const run = (program: string, ...argv: string[]): Promise<{ ok: boolean; stdout: Buffer; stderr: string }> => {
      const config =
        "experimental-features = nix-command\nsubstituters =\nsandbox = true\nsandbox-fallback = false\nsandbox-paths = /bin/sh=/bin/busybox\nbuild-users-group =\ncores = 0\n"
      const env = { PATH: process.env["PATH"], HOME: folder, NIX_PATH: "", NIX_CONFIG: config }
      return new Promise((resolve) =>
        execFile(program, argv, { encoding: "buffer", cwd: folder, env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) =>
          resolve({ ok: error === null, stdout, stderr: String(stderr) }),
        ),
      )
    }
    const nix = async (program: string, ...argv: string[]): Promise<Buffer> => {
      const { ok, stdout, stderr } = await run(program, ...argv)
      if (!ok) throw new Error(`${program} ${argv.join(" ")}: ${stderr}`)
      return stdout
    }
    const lines = async (...argv: string[]): Promise<string[]> =>
      String(await nix("nix-store", "--store", native, ...argv))
        .trim()
        .split("\n")

    beforeAll(async () => {
      await initHashes()
      fs.mkdirSync(`${folder}/tools`)
      fs.mkdirSync(`${folder}/source`)
      fs.writeFileSync(`${folder}/source/file`, "source")
      fs.copyFileSync("/bin/busybox", `${folder}/tools/busybox`)
      fs.chmodSync(`${folder}/tools/busybox`, 0o755)
      for (const name of "sh sed cat cp ls ln rm mkdir chmod sort id pwd hostname grep stat true echo".split(" "))
        fs.symlinkSync("busybox", `${folder}/tools/${name}`)
      // What the fixed tree will be.
      fs.mkdirSync(`${folder}/tree`)
      fs.writeFileSync(`${folder}/tree/checked`, "1\n")
      fs.symlinkSync("nowhere", `${folder}/tree/link`)
      const treeHash = String(await nix("nix-hash", "--type", "sha256", "--base32", `${folder}/tree`)).trim()
      fs.writeFileSync(`${folder}/default.nix`, expression.replace("TREEHASH", treeHash))

      const running = await startGateway({ signingKey: secretKeyFromSeed("builder-1", new Uint8Array(32).fill(1)) })
      await running.close()
      const { stores } = running
      const executor = new BubblewrapExecutor({ stores, folder: `${folder}/sandbox`, limits: defaultBuildLimits, jobs: 2 })
      builds = new Builds({ stores, folder: `${folder}/journal`, executors: [executor] })
      await builds.open()
      gateway = await startGateway({ stores, builds, signingKey: secretKeyFromSeed("builder-1", new Uint8Array(32).fill(1)) })
      client = createClient(BuildService, createConnectTransport({ baseUrl: gateway.url, httpVersion: "1.1" }))
      store = new Store(stores, { now: () => 0 })
    })

    afterAll(async () => {
      await gateway?.close()
      spawnSync("chmod", ["-R", "u+w", folder])
      fs.rmSync(folder, { recursive: true, force: true })
    })

    /** The derivations of an attribute and of all that it needs, what is needed first. */
    async function instantiate(attribute: string): Promise<StorePath[]> {
      const [drv] = String(await nix("nix-instantiate", "--store", native, `${folder}/default.nix`, "-A", attribute))
        .trim()
        .split("\n")
      return (await lines("--query", "--requisites", drv!)).filter((path) => path.endsWith(".drv")).map((path) => parseStorePath(path))
    }

    const textOf = (path: StorePath): string => fs.readFileSync(`${native}${printStorePath(path)}`, "latin1")
    const drvOf = (path: StorePath): Derivation => parseAterm(textOf(path), drvNameOfPath(path))
    const outputsOf = (drv: Derivation): Map<string, StorePath> =>
      new Map([...drv.outputs].map(([name, output]) => [name, outputPath(output, drv.name, name, "/nix/store")!]))

    /** What a build needs, in the gateway's store: sources are brought there from Nix's. */
    async function closureOf(drv: Derivation): Promise<StoredPath[]> {
      const roots = [...drv.inputSrcs]
      for (const [input, { outputs }] of drv.inputDrvs) for (const name of outputs) roots.push(outputsOf(drvOf(input)).get(name)!)
      for (const source of drv.inputSrcs) {
        const closure = (await lines("--query", "--requisites", printStorePath(source))).map((path) => parseStorePath(path))
        for (const path of closure) {
          if ((await gateway.stores.infos.get(hashPart(path))) !== null) continue
          const dump = await nix("nix-store", "--dump", `${native}${printStorePath(path)}`)
          const { node, narSize, narSha256 } = await ingestNar(
            (async function* () {
              yield dump
            })(),
            gateway.stores,
          )
          const references = (await lines("--query", "--references", printStorePath(path)))
            .filter(Boolean)
            .map((each) => parseStorePath(each))
          const info = {
            path,
            storeDir: "/nix/store",
            node,
            narSize,
            narHash: { algo: "sha256", bytes: narSha256 },
            references: references.sort(),
          } as const
          const rest = { deriver: undefined, signatures: [], ca: undefined, registrationTime: 0, ultimate: false }
          await gateway.stores.infos.putMany([{ ...info, ...rest }])
        }
      }
      return [...(await store.closure(roots)).values()]
    }

    /** Builds one derivation on the gateway, over the wire. */
    async function build(path: StorePath): Promise<{ end: BuildEvent["event"]; log: string }> {
      const drv = drvOf(path)
      const request = derivationRequest(drv, await closureOf(drv))
      const job = create(JobSchema, { request, derivationPath: path, derivation: new Uint8Array(Buffer.from(textOf(path), "latin1")) })
      let end: BuildEvent["event"] = { case: undefined }
      let log = ""
      for await (const { event } of client.build({ what: { case: "job", value: job } })) {
        end = event
        if (event.case === "log") log += Buffer.from(event.value.data).toString("latin1")
      }
      return { end, log }
    }

    test("the example graph: the same archives and references, whatever the builders look at", async () => {
      const drvs = await instantiate("top")
      await nix("nix-store", "--store", native, "--realise", printStorePath(drvs.at(-1)!))
      const differences: string[] = []
      for (const path of drvs) {
        const { end, log } = await build(path)
        expect([end.case, end.case === "failed" ? end.value.message + log : ""]).toEqual(["done", ""])
        for (const output of outputsOf(drvOf(path)).values()) {
          const info = (await gateway.stores.infos.get(hashPart(output)))!
          const [hash] = await lines("--query", "--hash", printStorePath(output))
          const references = await lines("--query", "--references", printStorePath(output))
          if (printHash(info.narHash, "nix32") !== hash) differences.push(await difference(output, info))
          expect(info.references.map((reference) => printStorePath(reference))).toEqual(references.filter(Boolean).sort())
          expect(info.deriver).toBe(path)
        }
      }
      expect(differences).toEqual([])
      expect(gateway.faults).toEqual([])
    })

    /** What differs between a tree of Nix's and ours, for the message. */
    async function difference(path: StorePath, info: StoredPath): Promise<string> {
      const ours = `${folder}/ours-${path}`
      const chunks: Uint8Array[] = []
      for await (const chunk of store.nar(info.path)) chunks.push(chunk.slice())
      spawnSync("nix-store", ["--restore", ours], { input: Buffer.concat(chunks) })
      return spawnSync("diff", ["-r", `${native}${printStorePath(path)}`, ours], { encoding: "latin1" }).stdout.slice(0, 4000)
    }

    test("the results substitute into real Nix, with signatures required", async () => {
      const drvs = await instantiate("top")
      const [top] = outputsOf(drvOf(drvs.at(-1)!)).values()
      const { publicKeyOf, printKey } = await import("../../engine/formats/narinfo/signature.ts")
      const key = printKey(publicKeyOf(secretKeyFromSeed("builder-1", new Uint8Array(32).fill(1))))
      await nix("nix", "copy", "--from", gateway.url, "--to", `${folder}/copied`, "--trusted-public-keys", key, printStorePath(top!))
      await nix("nix-store", "--store", `${folder}/copied`, "--verify", "--check-contents")
    })

    test.each([
      ["failing", Reason.BUILDER, "builder failed with exit code 7"],
      ["wrongHash", Reason.OUTPUT_REJECTED, "hash mismatch in fixed-output derivation"],
      ["refers", Reason.OUTPUT_REJECTED, "is not allowed to refer to the following paths:\n  /nix/store/"],
      ["cycle", Reason.OUTPUT_REJECTED, "cycle detected in build of '/nix/store/"],
      ["feature", Reason.INPUT_REJECTED, "Required features: {unobtainium}"],
    ])("%s fails as it does there", async (attribute, reason, message) => {
      const drvs = await instantiate(attribute)
      for (const path of drvs.slice(0, -1)) expect((await build(path)).end.case).toBe("done")
      const { end, log } = await build(drvs.at(-1)!)
      expect(end.case === "failed" && end.value.reason).toBe(reason)
      expect(end.case === "failed" && end.value.message).toContain(message)
      if (attribute === "failing") expect(log).toBe("before\n")
      const [output] = outputsOf(drvOf(drvs.at(-1)!)).values()
      expect(await gateway.stores.infos.get(hashPart(output!))).toBeNull()
      expect((await run("nix-store", "--store", native, "--realise", printStorePath(drvs.at(-1)!))).ok).toBe(false)
    })

    test("a derivation that is not what it says is refused", async () => {
      const drvs = await instantiate("large")
      const path = drvs.at(-1)!
      const drv = drvOf(path)
      const request = derivationRequest(drv, await closureOf(drv))
      const text = textOf(path)
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

    test("Snix's and Tvix's DoBuild give the same outputs", async () => {
      const drvs = await instantiate("low")
      const path = drvs.at(-1)!
      const drv = drvOf(path)
      const request = derivationRequest(drv, await closureOf(drv))
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
      const [failing] = (await instantiate("failing")).slice(-1)
      const failed = derivationRequest(drvOf(failing!), await closureOf(drvOf(failing!)))
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
