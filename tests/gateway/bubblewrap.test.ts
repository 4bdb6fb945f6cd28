// The executor that builds on this machine: what a builder sees and leaves, and attempts to get out. One skipped test where there
// is no bubblewrap.
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { b3 } from "../../engine/castore/digest.ts"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import type { Node } from "../../engine/castore/node.ts"
import { descend } from "../../engine/castore/walk.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { BubblewrapExecutor } from "../../engine/gateway/build/bubblewrap.ts"
import type { BuildJob } from "../../engine/gateway/build/build-job.ts"
import { BuildFailure, type BuildLimits, defaultBuildLimits } from "../../engine/gateway/build/executor.ts"
import { InputCache } from "../../engine/gateway/build/input-cache.ts"
import { MemoryPathInfoStore } from "../../engine/store/memory-path-info-store.ts"
import { storeTree } from "../store/memory-store.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-bwrap-`))
const stores = { blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore(), infos: new MemoryPathInfoStore() }
await initHashes()
const probe = new BubblewrapExecutor({ stores, folder: `${folder}/probe`, limits: defaultBuildLimits })
const unavailable = await probe.check()
const out = "nix/store/0000000000000000000000000000000a-out"

/** A job that runs a script with /bin/sh. */
function job(script: string, changes: Partial<BuildJob> = {}): BuildJob {
  return {
    key: b3(Buffer.from(script)),
    inputs: new Map(),
    command: ["/bin/sh", "-ec", script],
    workingDir: "build",
    scratchPaths: ["build", "nix/store"],
    inputsDir: "nix/store",
    outputs: [out],
    environment: new Map([
      ["PATH", Buffer.from("/nowhere")],
      ["out", Buffer.from(`/${out}`)],
    ]),
    files: new Map(),
    needles: [],
    system: "x86_64-linux",
    minMemory: 0,
    network: false,
    binSh: true,
    derivation: undefined,
    ...changes,
  }
}

interface Outcome {
  readonly log: string
  readonly outputs: readonly Node[]
  readonly failure: BuildFailure | undefined
}

let count = 0

async function run(what: BuildJob, limits: Partial<BuildLimits> = {}, signal = new AbortController().signal): Promise<Outcome> {
  const executor = new BubblewrapExecutor({ stores, folder: `${folder}/${count++}`, limits: { ...defaultBuildLimits, ...limits } })
  expect(await executor.check()).toBeUndefined()
  let log = ""
  const watch = { log: (bytes: Uint8Array) => void (log += Buffer.from(bytes).toString("latin1")), signal }
  try {
    return { outputs: (await executor.build(what, watch)).map(({ node }) => node), log, failure: undefined }
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error
    return { outputs: [], log, failure: error }
  } finally {
    // Nothing stays of a build.
    expect(fs.readdirSync(`${folder}/${count - 1}/work`)).toEqual([])
  }
}

async function textOf(node: Node | undefined): Promise<string> {
  if (node?.kind !== "file") throw new Error(`not a file: ${node?.kind}`)
  return Buffer.from((await stores.blobs.getMany([node.digest]))[0]!).toString("latin1")
}

if (unavailable !== undefined) test.skip(`bubblewrap: ${unavailable}`, () => {})
else
  describe("bubblewrap", () => {
    beforeAll(() => {})
    afterAll(() => {
      fs.rmSync(folder, { recursive: true, force: true })
    })

    test("a builder sees what Nix shows it", async () => {
      const { log, outputs, failure } = await run(
        job(
          `echo "$PWD $out $value"; cat /etc/passwd; read -r first < /nix/store/input/dir/file; echo "$first"; /nix/store/input/run
             echo "/nix/store: $(echo /nix/store/*)"; [ -e /build/deep/file ] && echo "done" > $out`.replaceAll(
            "cat /etc/passwd",
            "while read -r l; do echo $l; done < /etc/passwd",
          ),
          {
            inputs: new Map([
              ["input", await storeTree(stores, { "dir/file": "contents\n", run: "#!/bin/sh\necho it runs\n" })],
              ["link", { kind: "symlink", target: "input/dir" }],
            ]),
            environment: new Map([
              ["out", Buffer.from(`/${out}`)],
              ["value", Buffer.from("\xe4 and\nmore", "latin1")],
            ]),
            files: new Map([["build/deep/file", Buffer.from("x")]]),
          },
        ),
      )
      expect(failure).toBeUndefined()
      expect(log).toContain(`/build /${out} \xe4 and\nmore\nroot:x:0:0:Nix build user:/build:/noshell\nnixbld:x:1000:100:`)
      expect(log).toContain("contents\nit runs\n/nix/store: /nix/store/input /nix/store/link\n")
      expect(await textOf(outputs[0])).toBe("done\n")
    })

    test("a builder writes to a terminal, as Nix's does: each line at once, bytes as they are, /dev/stderr can be opened", async () => {
      const script = `[ -t 1 ] && [ -t 2 ] && [ ! -t 0 ] && echo terminal; echo again > /dev/stderr; printf 'a\\r\\tb\\004\\003\\344\\n'; cat; echo > $out; echo -n end`
      const { log, failure } = await run(
        job(`export PATH=/nix/store/busybox; ${script}`, { inputs: new Map([["busybox", await busyboxTree()]]) }),
      )
      expect([log, failure]).toEqual(["terminal\nagain\na\r\tb\x04\x03\xe4\nend", undefined])
    })

    test("the last line of a long log is not lost, and arguments may be as long as the kernel lets them be", async () => {
      const long = "it's ".repeat(20_000)
      const script = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo "line $i"; done; echo "$#"; echo > $out; echo "$1"'
      const { log, failure } = await run(job("", { command: ["/bin/sh", "-ec", script, "$0", long, "", "`x` $(y)\n\\"] }))
      expect(failure).toBeUndefined()
      expect(log.split("\n").slice(-4)).toEqual(["line 20000", "3", long, ""])
    })

    test("outputs are taken as a store has them: files, folders, symlinks, who may run them", async () => {
      const busybox = await busyboxTree()
      const { outputs, failure, log } = await run(
        job(
          `export PATH=/nix/store/busybox; mkdir -p $out/bin $out/empty; echo run > $out/bin/run; chmod 1711 $out/bin/run; ln -s /etc/passwd $out/link
           ln -s loop $out/loop; echo secret > $out/unreadable; chmod 000 $out/unreadable; mkdir $out/closed; echo x > $out/closed/x; chmod 000 $out/closed
           ln $out/bin/run $out/hard; echo -n name > "$out/$(printf '\\344')"`,
          { inputs: new Map([["busybox", busybox]]) },
        ),
      )
      expect([log, failure]).toEqual(["", undefined])
      const at = async (...path: string[]) => descend(stores.directories, outputs[0]!, path)
      expect(await at("bin", "run")).toMatchObject({ kind: "file", executable: true })
      expect(await at("hard")).toEqual(await at("bin", "run"))
      expect(await at("empty")).toMatchObject({ kind: "directory", size: 0 })
      expect(await at("link")).toEqual({ kind: "symlink", target: "/etc/passwd" })
      expect(await at("loop")).toEqual({ kind: "symlink", target: "loop" })
      expect(await textOf((await at("unreadable")) ?? undefined)).toBe("secret\n")
      expect(await textOf((await at("closed", "x")) ?? undefined)).toBe("x\n")
      expect(await textOf((await at("\xe4")) ?? undefined)).toBe("name")
    })

    test.each([
      ["exits with its own status", "echo hello; exit 3", "builder", "builder failed with exit code 3", 3],
      ["is killed", "/nix/store/busybox/sh -c 'kill -9 $$' || exit $?", "builder", "builder failed due to signal 9", 137],
      ["leaves no output", "echo hello", "output-rejected", `builder failed to produce output path '/${out}'`, undefined],
      ["leaves a pipe", "/nix/store/busybox/mkfifo $out", "output-rejected", "something else than files", undefined],
      [
        "leaves a socket in a folder",
        "/nix/store/busybox/mkdir $out; /nix/store/busybox/mkfifo $out/p",
        "output-rejected",
        "something else",
        undefined,
      ],
    ] as const)("a builder that %s fails as that", async (_, script, reason, message, exitCode) => {
      const { failure } = await run(job(script, { inputs: new Map([["busybox", await busyboxTree()]]) }))
      expect([failure?.reason, failure?.exitCode]).toEqual([reason, exitCode])
      expect(failure?.message).toContain(message)
    })

    test("a builder that is not there, or not executable, fails as a builder", async () => {
      for (const command of [["/nothing/here"], ["/etc/passwd"], ["/bin/sh", "/nothing"]]) {
        expect((await run(job("", { command }))).failure?.reason).toBe("builder")
      }
    })

    test("what it writes is told while it runs", async () => {
      const executor = new BubblewrapExecutor({ stores, folder: `${folder}/live`, limits: defaultBuildLimits })
      await executor.check()
      const times: number[] = []
      const begun = performance.now()
      const sleep = "/nix/store/busybox/sleep 1.5"
      await executor.build(
        job(`echo one; ${sleep}; echo two; ${sleep}; echo > $out`, { inputs: new Map([["busybox", await busyboxTree()]]) }),
        {
          log: () => void times.push(performance.now() - begun),
          signal: new AbortController().signal,
        },
      )
      expect(times).toHaveLength(2)
      expect(times[1]! - times[0]!).toBeGreaterThan(200)
    })

    describe("attempts to get out", () => {
      test("see no network, no other processes, no files of the machine", async () => {
        const secret = `${folder}/secret`
        fs.writeFileSync(secret, "secret")
        const script = `export PATH=/nix/store/busybox
          cat ${secret} /etc/shadow /proc/1/environ /proc/1/root${secret} 2>&1 || true
          ls / /root /home 2>&1 || true
          for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done
          wget -T 2 -O - http://127.0.0.1:22/ 2>&1 || true; nc -w 1 169.254.169.254 80 2>&1 < /dev/null || true
          ip addr 2>&1 || true; mount -t tmpfs none /tmp 2>&1 || true; mknod $out-dev b 8 0 2>&1 || true; unshare -Ur true 2>&1 || true
          chroot / true 2>&1 || true; kill -9 -1 2>&1 || true; hostname; echo > $out`
        const { log, failure } = await run(job(script, { inputs: new Map([["busybox", await busyboxTree()]]) }))
        expect(failure?.reason ?? "survived").toMatch(/builder|survived/)
        expect(log).not.toContain("secret\n")
        expect(log).not.toContain("vitest")
        expect(log).not.toMatch(/eth0|inet (?!127)/)
        expect(log).toContain("ls: /root: No such file or directory")
        expect(log).toContain("mount: permission denied")
      })

      test("cannot change their inputs, which other builds have too", async () => {
        const input = await storeTree(stores, { file: "as it was" })
        const inputs = new Map([
          ["busybox", await busyboxTree()],
          ["input", input],
        ])
        const script = `export PATH=/nix/store/busybox; (echo changed > /nix/store/input/file) 2>&1 || true; chmod 777 /nix/store/input 2>&1 || true
          rm -rf /nix/store/input 2>&1 || true; echo > $out; ls /nix/store/input`
        const executor = new BubblewrapExecutor({ stores, folder: `${folder}/inputs`, limits: defaultBuildLimits })
        await executor.check()
        let log = ""
        const watch = { log: (bytes: Uint8Array) => void (log += String(Buffer.from(bytes))), signal: new AbortController().signal }
        await executor.build(job(script, { inputs }), watch)
        expect(log).toContain("Read-only file system")
        log = ""
        await executor.build(job("/nix/store/busybox/cat /nix/store/input/file; echo > $out", { inputs }), watch)
        expect(log).toBe("as it was")
      })

      test("see nothing of other builds: neither what they were given nor what they write", async () => {
        const executor = new BubblewrapExecutor({ stores, folder: `${folder}/others`, limits: defaultBuildLimits })
        await executor.check()
        const busybox = await busyboxTree()
        const secret = new Map([
          ["busybox", busybox],
          ["theirs", await storeTree(stores, { "secret-file": "secret of the others" })],
        ])
        const stop = new AbortController()
        let isReady = (): void => {}
        const ready = new Promise<void>((resolve) => {
          isReady = resolve
        })
        const script = `export PATH=/nix/store/busybox; cat /nix/store/theirs/secret-file > /build/secret-copy; cp /build/secret-copy /tmp/secret-tmp
          mkdir $out; cp /build/secret-copy $out/secret-out; echo ready; sleep 100`
        const theirs = executor.build(job(script, { inputs: secret }), { log: isReady, signal: stop.signal })
        theirs.catch(() => {})
        await ready
        let log = ""
        const look = `export PATH=/nix/store/busybox; find / -name 'secret-*' 2>/dev/null || true; grep -rl 'secret of the others' /build /tmp /nix /etc /dev/shm 2>/dev/null || true
          ls -1 /nix/store; cat ${folder}/others/inputs/*/secret-file ${folder}/others/work/*/*/secret-copy 2>/dev/null || true; echo end; echo > $out`
        const watch = { log: (bytes: Uint8Array) => void (log += String(Buffer.from(bytes))), signal: new AbortController().signal }
        await executor.build(job(look, { inputs: new Map([["busybox", busybox]]) }), watch)
        expect(log).toBe("busybox\nend\n")
        stop.abort()
        await expect(theirs).rejects.toMatchObject({ reason: "cancelled" })
      })

      test("make no device files and reach none of the machine's, nor the kernel's switches", async () => {
        const script = `export PATH=/nix/store/busybox; ls -1 /dev
          for kind in 'b 8 0' 'c 1 1'; do mknod $out $kind || echo no device; done; mknod /dev/own c 1 1 || echo none in /dev
          cat /dev/mem /dev/sda /dev/kmsg || echo no memory; ls /sys || echo no sys
          (: >> /proc/sysrq-trigger) || echo no sysrq; (: >> /proc/sys/kernel/core_pattern) || echo no switch; (: >> /proc/sys/net/ipv4/ip_forward) || echo no switch of the network; mount -o remount,rw / || echo no mount`
        const { log, failure } = await run(job(script, { inputs: new Map([["busybox", await busyboxTree()]]) }))
        const devices = log.slice(0, log.indexOf("mknod"))
        expect(devices.trim().split("\n").sort()).toEqual(
          [
            "console",
            "core",
            "fd",
            "full",
            "null",
            "ptmx",
            "pts",
            "random",
            "shm",
            "stderr",
            "stdin",
            "stdout",
            "tty",
            "urandom",
            "zero",
          ].filter((name) => name !== "console" || devices.includes("console")),
        )
        expect(log.match(/^no? .*|^none .*/gm)).toEqual([
          "no device",
          "no device",
          "none in /dev",
          "no memory",
          "no sys",
          "no sysrq",
          "no switch",
          "no switch of the network",
          "no mount",
        ])
        expect(failure).toMatchObject({ reason: "output-rejected" })
      })

      test("a symlink as an output, or above one, leads to nothing of the machine", async () => {
        const secret = `${folder}/secret2`
        fs.writeFileSync(secret, "secret")
        const busybox = new Map([["busybox", await busyboxTree()]])
        const link = await run(job(`/nix/store/busybox/ln -s ${secret} $out`, { inputs: busybox }))
        expect(link.outputs).toEqual([{ kind: "symlink", target: secret }])
        const above = "nix/store/0000000000000000000000000000000a-out/deep"
        const through = await run(
          job(`/nix/store/busybox/ln -s ${folder} /nix/store/0000000000000000000000000000000a-out`, {
            inputs: busybox,
            outputs: [`${above.replace("deep", "secret2")}`],
          }),
        )
        expect(through.failure?.reason).toBe("output-rejected")
      })

      test("a fork bomb, a glutton, a flood of the log, a filler of the disk and a sleeper are stopped", async () => {
        const busybox = new Map([["busybox", await busyboxTree()]])
        const bomb = await run(job("bomb() { bomb | bomb & }; bomb; while :; do :; done", { inputs: busybox }), {
          processes: 40,
          time: 3000,
        })
        expect(bomb.failure?.reason).toBe("timeout")
        const glutton = await run(job("x=0123456789abcdef; while :; do x=$x$x; done"), { memoryBytes: 64 << 20, time: 90_000 })
        expect(glutton.failure?.reason).toBe("builder")
        const flood = await run(job("while :; do echo floooooooooooooooooooood; done"), { logBytes: 1_000_000, time: 90_000 })
        expect(flood.failure?.reason).toBe("log-limit")
        expect(flood.log.length).toBeLessThanOrEqual(1_000_000)
        const fill = "i=0; while :; do i=$((i+1)); /nix/store/busybox/dd if=/dev/zero of=/build/$i bs=1M count=4 2>/dev/null; done"
        const filler = await run(job(fill, { inputs: busybox }), { outputBytes: 20 << 20, time: 90_000 })
        expect(filler.failure?.reason).toBe("output-limit")
        const single = await run(job("/nix/store/busybox/dd if=/dev/zero of=$out bs=1M count=100", { inputs: busybox }), {
          outputBytes: 4 << 20,
        })
        expect(single.failure).toBeDefined()
        const sleeper = await run(job("/nix/store/busybox/sleep 100", { inputs: busybox }), { silence: 2500 })
        expect(sleeper.failure?.reason).toBe("silence")
      }, 400_000)

      test("a builder's children do not outlive it", async () => {
        const mark = `mark-${process.pid}-${Date.now()}`
        const script = `/nix/store/busybox/setsid /nix/store/busybox/sh -c 'sleep() { :; }; while :; do /nix/store/busybox/sleep 1; done' ${mark} > /dev/null 2>&1 & echo > $out`
        await run(job(script, { inputs: new Map([["busybox", await busyboxTree()]]) }))
        const running = () =>
          fs.readdirSync("/proc").filter((name) => {
            if (!/^\d+$/.test(name)) return false
            try {
              return fs.readFileSync(`/proc/${name}/cmdline`, "latin1").includes(mark)
            } catch {
              return false
            }
          })
        // By itself it would go on for ever.
        await expect.poll(running).toEqual([])
      })
    })

    test("a build that nobody wants any more is stopped at once", async () => {
      const stop = new AbortController()
      setTimeout(() => stop.abort(), 300)
      const { failure } = await run(job("while :; do :; done"), {}, stop.signal)
      // By itself it would go on for an hour.
      expect(failure?.reason).toBe("cancelled")
      stop.abort()
      expect((await run(job("echo > $out"), {}, stop.signal)).failure?.reason).toBe("cancelled")
    })

    test("inputs are written once, and those that nobody has used for long are removed", async () => {
      const place = `${folder}/cache`
      const tree = await storeTree(stores, { "dir/file": "x", run: "#!/bin/sh" })
      const first = new InputCache(stores, place)
      await first.open()
      const path = await first.path(tree)
      expect(await first.path(tree)).toBe(path)
      expect([fs.statSync(`${path}/dir/file`).mode & 0o777, fs.statSync(`${path}/run`).mode & 0o777]).toEqual([0o444, 0o555])
      expect(fs.statSync(`${path}/dir/file`).mtimeMs).toBe(1000)
      // Half of a tree, as a gateway that died leaves it.
      fs.mkdirSync(`${path}.half`)
      const later = new InputCache(stores, place)
      await later.open(Date.now() + 24 * 3_600_000)
      expect(fs.readdirSync(place).sort()).toEqual([path.slice(place.length + 1), "used"].sort())
      await later.open(Date.now() + 15 * 24 * 3_600_000)
      expect(fs.readdirSync(place)).toEqual(["used"])
      expect(fs.readdirSync(`${place}/used`)).toEqual([])
    })

    test("what cannot be built here is refused", async () => {
      const wget = await run(job("exit 1", { network: true }))
      expect(wget.failure?.message).toContain("no network here")
      expect((await run(job("echo > $out", { network: true }))).failure).toBeUndefined()
      expect((await run(job("", { minMemory: 2 ** 50 }))).failure?.reason).toBe("input-rejected")
      const absent = new Map([["gone", { kind: "directory", digest: b3(Buffer.from("gone")), size: 3 } as const]])
      expect((await run(job("", { inputs: absent }))).failure?.reason).toBe("input-rejected")
    })
  })

/** Busybox under the names that the tests use, as a tree. */
async function busyboxTree(): Promise<Node> {
  const program = new Uint8Array(fs.readFileSync("/bin/busybox"))
  const names =
    "sh cat ls mkdir chmod ln echo printf sleep mkfifo dd rm tr wget nc ip mount mknod unshare chroot hostname setsid true find grep cp".split(
      " ",
    )
  const { TreeIngest } = await import("../../engine/castore/tree-ingest.ts")
  const ingest = new TreeIngest(stores.blobs, stores.directories)
  await ingest.file("busybox", true, program)
  for (const name of names) ingest.symlink(name, "busybox")
  return ingest.finish()
}
