// Real Nix with a store of its own and an example graph in it, for comparing builds: fixed outputs, several outputs, a parallel
// middle, structured attributes, files, and derivations that fail. The builders write down all that they see.
import { execFile, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { create } from "@bufbuild/protobuf"
import { derivationRequest } from "../../engine/build/derivation-request.ts"
import { ingestNar } from "../../engine/castore/archive-nar.ts"
import { parseAterm } from "../../engine/formats/derivation/aterm-reader.ts"
import { type Derivation, outputPath } from "../../engine/formats/derivation/derivation.ts"
import { printHash } from "../../engine/formats/hash/hash.ts"
import { drvNameOfPath, hashPart, parseStorePath, printStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { type Job, JobSchema } from "../../engine/proto/gen/gateway_build_pb.ts"
import type { StoredPath } from "../../engine/store/path-info-store.ts"
import { Store } from "../../engine/store/store.ts"
import type { Stores } from "../../engine/store/stores.ts"

/** Why builds cannot be compared here; undefined if they can. */
export function whyNotNative(): string | undefined {
  if (spawnSync("nix-store", ["--version"]).status !== 0) return "nix-store is not on PATH"
  if (spawnSync("bwrap", ["--version"]).status !== 0 || !fs.existsSync("/bin/busybox")) return "bubblewrap or busybox-static is missing"
  return undefined
}

/** Nix's settings: a sandbox always, with a shell in it. */
export const nativeConfig =
  "experimental-features = nix-command\nsubstituters =\nsandbox = true\nsandbox-fallback = false\nsandbox-paths = /bin/sh=/bin/busybox\n" +
  // By itself Nix counts those of the machine, also where we may use some of them only.
  `cores = ${os.availableParallelism()}\n` +
  // As on a machine where Nix is installed for all: builders are users of their own.
  `build-users-group = ${process.getuid?.() === 0 && spawnSync("getent", ["group", "nixbld"]).status === 0 ? "nixbld" : ""}\n`

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
  surroundings = sh "surroundings" { PATH = "/set"; "not-a-name" = "x"; } (see + "rm $out/env; {
    for n in 0 1 2; do test -t $n && echo $n is a terminal; done; stty -a <&1 | tail -n +4
    echo to stderr > /dev/stderr; echo $? $#; tty; id -un; id -gn; uname -nm; tr '\\\\0' ' ' < /proc/1/cmdline | sed 's,^[^ ]*/,,'
    stat -c '%a %u %g %F %n' / /bin /bin/sh /build /etc /etc/* /nix /nix/store /proc /tmp \${busybox} \${busybox}/busybox $PWD
    stat -c '%a %F %n' /dev /dev/full /dev/null /dev/pts /dev/pts/ptmx /dev/random /dev/shm /dev/tty /dev/urandom /dev/zero
    readlink /dev/fd /dev/stdin /dev/stdout /dev/stderr; cat /proc/self/personality /proc/self/setgroups
    grep -E '^(Uid|Gid|Groups|NoNewPrivs|CapInh|CapPrm|CapEff|SigBlk|SigIgn|NStgid|NSsid|PPid):' /proc/self/status
    grep -v -E 'file size' /proc/self/limits; umask; pwd
    for d in / /bin /dev/shm /etc /nix /nix/store /build /tmp \${busybox} /proc/sys/kernel; do ( echo x > $d/probe ) 2> /dev/null && echo $d can be written to; done
    mkdir /homeless-shelter; chown 0 /build/probe; mknod /build/device c 1 3; for m in 4755 2755 6711 u+s g+s 1755 755; do touch /build/m; chmod $m /build/m; stat -c %a /build/m; done; mkdir -m 2755 /build/sg; stat -c %a /build/sg; ls -a /build /tmp | sort
    ip addr; cat /proc/net/route; ps -o pid,ppid,user,args > /build/ps; grep -v ' ps ' /build/ps | sed 's,\\\\S*/,,g'
  } > $out/all 2>&1 || true");
  parallel = map (n: sh "parallel-\${toString n}" { inherit low n; } "echo $n $low > $out") [ 1 2 3 4 ];
  top = sh "top" { inherit parallel files structured; inherit (low) dev; allowedReferences = [ "out" low.dev structured ]; } "mkdir $out; ln -s $dev $out/dev; echo $structured $out > $out/refs; cp -r $files $out/files; chmod -R u+w $out; rm -r $out/files/env $out/files/graph* $out/files/other";
in { inherit top files structured low surroundings;
  parallelOne = builtins.head parallel;
  failing = sh "failing" { } "echo before; exit 7";
  wrongHash = sh "wrong" { outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" "other"; } "echo right > $out";
  refers = sh "refers" { inherit low; allowedReferences = [ ]; } "echo $low > $out";
  cycle = sh "cycle" { outputs = [ "out" "dev" "man" ]; } "echo $dev > $out; echo $man > $dev; echo $out > $man";
  large = sh "large" { __structuredAttrs = false; } "echo > $out";
  slow = sh "slow" { } "echo begun; sleep 98765; echo > $out";
  feature = sh "feature" { requiredSystemFeatures = [ "unobtainium" ]; } "echo > $out";
}`

const tools =
  "sh sed cat cp ls ln rm mkdir chmod sort id pwd hostname grep stat true echo sleep test stty tty uname tr tail readlink mknod chown ip ps touch".split(
    " ",
  )

export class NativeGraph {
  readonly folder: string
  /** The root of Nix's store. */
  readonly root: string
  readonly #store: Store
  readonly #stores: Stores

  /** `stores` are those of the gateway that builds the same. */
  constructor(stores: Stores) {
    this.folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-native-build-`))
    this.root = `${this.folder}/native`
    this.#stores = stores
    this.#store = new Store(stores, { now: () => 0 })
  }

  /** Writes the files of the graph. */
  async open(): Promise<void> {
    const { folder } = this
    for (const name of ["tools", "source", "tree"]) fs.mkdirSync(`${folder}/${name}`)
    fs.writeFileSync(`${folder}/source/file`, "source")
    fs.copyFileSync("/bin/busybox", `${folder}/tools/busybox`)
    fs.chmodSync(`${folder}/tools/busybox`, 0o755)
    for (const name of tools) fs.symlinkSync("busybox", `${folder}/tools/${name}`)
    // What the fixed tree will be.
    fs.writeFileSync(`${folder}/tree/checked`, "1\n")
    fs.symlinkSync("nowhere", `${folder}/tree/link`)
    const treeHash = String(await this.nix("nix-hash", "--type", "sha256", "--base32", `${folder}/tree`)).trim()
    fs.writeFileSync(`${folder}/default.nix`, expression.replace("TREEHASH", treeHash))
  }

  close(): void {
    spawnSync("chmod", ["-R", "u+w", this.folder])
    fs.rmSync(this.folder, { recursive: true, force: true })
  }

  /** Runs a program of Nix. Not synchronously: a gateway may run in this process. */
  run(program: string, ...argv: string[]): Promise<{ ok: boolean; stdout: Buffer; stderr: string }> {
    const env = { PATH: process.env["PATH"], HOME: this.folder, NIX_PATH: "", NIX_CONFIG: nativeConfig }
    return new Promise((resolve) =>
      execFile(program, argv, { encoding: "buffer", cwd: this.folder, env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) =>
        resolve({ ok: error === null, stdout, stderr: String(stderr) }),
      ),
    )
  }

  /** As run(), for programs that must succeed. */
  async nix(program: string, ...argv: string[]): Promise<Buffer> {
    const { ok, stdout, stderr } = await this.run(program, ...argv)
    if (!ok) throw new Error(`${program} ${argv.join(" ")}: ${stderr}`)
    return stdout
  }

  /** The lines that nix-store prints, of its own store. */
  async lines(...argv: string[]): Promise<string[]> {
    const out = String(await this.nix("nix-store", "--store", this.root, ...argv))
    return out.split("\n").filter((line) => line !== "")
  }

  /** The derivations of an attribute and of all that it needs, what is needed first. */
  async instantiate(attribute: string, file = "default.nix"): Promise<StorePath[]> {
    const out = await this.nix("nix-instantiate", "--store", this.root, `${this.folder}/${file}`, "-A", attribute)
    const requisites = await this.lines("--query", "--requisites", String(out).trim())
    return requisites.filter((path) => path.endsWith(".drv")).map((path) => parseStorePath(path))
  }

  textOf(path: StorePath): string {
    return fs.readFileSync(`${this.root}${printStorePath(path)}`, "latin1")
  }

  drvOf(path: StorePath): Derivation {
    return parseAterm(this.textOf(path), drvNameOfPath(path))
  }

  outputsOf(path: StorePath): Map<string, StorePath> {
    const drv = this.drvOf(path)
    return new Map([...drv.outputs].map(([name, output]) => [name, outputPath(output, drv.name, name, "/nix/store")!]))
  }

  /** What a build needs, in the gateway's stores: sources are brought there from Nix's. */
  async closureOf(path: StorePath): Promise<StoredPath[]> {
    const drv = this.drvOf(path)
    const roots = [...drv.inputSrcs]
    for (const [input, { outputs }] of drv.inputDrvs) for (const name of outputs) roots.push(this.outputsOf(input).get(name)!)
    for (const source of drv.inputSrcs) {
      for (const one of await this.lines("--query", "--requisites", printStorePath(source))) await this.#bring(parseStorePath(one))
    }
    return [...(await this.#store.closure(roots)).values()]
  }

  async #bring(path: StorePath): Promise<void> {
    if ((await this.#stores.infos.get(hashPart(path))) !== null) return
    const dump = await this.nix("nix-store", "--dump", `${this.root}${printStorePath(path)}`)
    const chunks = (async function* () {
      yield dump
    })()
    const { node, narSize, narSha256 } = await ingestNar(chunks, this.#stores)
    const references = (await this.lines("--query", "--references", printStorePath(path))).map((each) => parseStorePath(each)).sort()
    const info = { path, storeDir: "/nix/store", node, narSize, narHash: { algo: "sha256", bytes: narSha256 }, references } as const
    await this.#stores.infos.putMany([{ ...info, deriver: undefined, signatures: [], ca: undefined, registrationTime: 0, ultimate: false }])
  }

  /** The job of a derivation whose inputs are in the gateway's stores. */
  async jobOf(path: StorePath): Promise<Job> {
    const request = derivationRequest(this.drvOf(path), await this.closureOf(path))
    return create(JobSchema, { request, derivationPath: path, derivation: new Uint8Array(Buffer.from(this.textOf(path), "latin1")) })
  }

  /** What differs between the outputs of a derivation here and there; empty if nothing does. Nix has built it already. */
  async differences(path: StorePath): Promise<string[]> {
    const differences: string[] = []
    for (const output of this.outputsOf(path).values()) {
      const info = await this.#stores.infos.get(hashPart(output))
      if (info === null) {
        differences.push(`${output} is not here`)
        continue
      }
      const [hash] = await this.lines("--query", "--hash", printStorePath(output))
      const references = (await this.lines("--query", "--references", printStorePath(output))).sort()
      if (printHash(info.narHash, "nix32") !== hash) differences.push(await this.#treeDifference(info))
      const ours = info.references.map((reference) => printStorePath(reference))
      if (ours.join() !== references.join()) differences.push(`${output} refers to ${ours}, not to ${references}`)
      if (info.deriver !== path) differences.push(`${output} has the deriver ${info.deriver}`)
    }
    return differences
  }

  async #treeDifference({ path }: StoredPath): Promise<string> {
    const ours = `${this.folder}/ours-${path}`
    const chunks: Uint8Array[] = []
    for await (const chunk of this.#store.nar(path)) chunks.push(chunk.slice())
    spawnSync("nix-store", ["--restore", ours], { input: Buffer.concat(chunks) })
    return spawnSync("diff", ["-ra", `${this.root}${printStorePath(path)}`, ours], { encoding: "latin1" }).stdout.slice(0, 4000)
  }
}
