// `npm run bench:gateway`: the built program as a gateway. First trivial builds one after the other, by turns with `nix-build` of the
// same derivations (sandboxed both): the ratio is what the gateway adds. Then how long lines of a log are on their way. Then many clients at once: each, with pauses, asks for a
// build that is there already, uploads a blob, reads a narinfo and sometimes asks for a new trivial build. Prints errors,
// latencies and the gateway's memory; judges nothing.
//   --clients N (200)   --seconds N (60)   --pause MS (1000)   --fresh N   every Nth build is a new one (20)   --runs N (15)
//   --program FILE   the built command line to measure (dist/cli/thunkpad.js, built if it is old)
import { spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ensureBuilt } from "../setup/build.mjs"
import { GatewayClient } from "./gateway-client.mjs"

/** @param {string} name */
function given(name) {
  const i = process.argv.indexOf(name)
  return i < 0 ? undefined : process.argv[i + 1]
}

/** @param {string} name @param {number} fallback */
function option(name, fallback) {
  return Number(given(name) ?? fallback)
}

const clients = option("--clients", 200)
const seconds = option("--seconds", 60)
const pause = option("--pause", 1000)
const every = option("--fresh", 20)
const rounds = option("--runs", 15)
const program = given("--program") ?? fileURLToPath(new URL("../../dist/cli/thunkpad.js", import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), "bench-gateway-"))
const native = join(scratch, "native")
const config = `experimental-features =\nsubstituters =\nsandbox = true\nsandbox-fallback = false\nsandbox-paths = /bin/sh=/bin/busybox\nbuild-users-group =\n`
const env = { PATH: process.env["PATH"], HOME: scratch, NIX_PATH: "", NIX_CONFIG: config }
const hasNix = spawnSync("nix-build", ["--version"], { stdio: "ignore" }).status === 0

/** @param {number[]} times @param {number} share */
function quantile(times, share) {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** @param {string} name @param {number[]} times */
function latencies(name, times) {
  const shown = [0.5, 0.95, 0.99, 1].map((share) => quantile(times, share).toFixed(1).padStart(8))
  console.log(`${name.padEnd(36)} ${String(times.length).padStart(7)} ${shown.join(" ")}`)
}

const expression = (/** @type {number} */ from, /** @type {number} */ count, script = "") =>
  `builtins.genList (i: let n = toString (i + ${from}); in derivation { name = "trivial-\${n}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "${script}echo ${scratch} \${n} > $out" ]; }) ${count}`

/**
 * Derivations that nobody has built; `script` runs first, and has no quotes.
 * @param {number} from @param {number} count @param {string} [script]
 * @returns {import("./gateway-client.mjs").Trivial[]}
 */
function instantiate(from, count, script) {
  const { stdout, status, stderr } = spawnSync("nix-instantiate", ["--store", native, "-E", expression(from, count, script)], {
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("/nix/store/"))
    .map((path) => {
      const text = readFileSync(`${native}${path}`)
      const output = /\("out","\/nix\/store\/([^"]+)"/.exec(text.toString())?.[1] ?? ""
      const [, system = "", script = ""] = /\],"([^"]+)","\/bin\/sh",\["-c","([^"]*)"\]/.exec(text.toString()) ?? []
      return { path: path.slice(11), text, output, script, system }
    })
}

async function startGateway() {
  const store = join(scratch, "gateway")
  mkdirSync(store)
  const child = spawn(process.execPath, [program, "gateway", "--listen", "127.0.0.1:0", "--store", store, "--no-fetch"], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "inherit"],
  })
  const url = await new Promise((resolve, reject) => {
    child.stdout.once("data", (chunk) => resolve(String(chunk).split("\n")[0]))
    child.once("exit", () => reject(new Error("the gateway ended")))
  })
  return { child, url: String(url) }
}

/** Megabytes that a process holds. @param {number | undefined} pid */
function memory(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1024
}

/** @param {string} url */
async function overhead(url) {
  const client = new GatewayClient(url)
  const trivial = instantiate(0, rounds + 1)
  await client.build(/** @type {any} */ (trivial.pop()))
  /** @type {number[]} */
  const ours = []
  /** @type {number[]} */
  const theirs = []
  /** @type {number[]} */
  const realised = []
  for (const [i, one] of trivial.entries()) {
    let start = performance.now()
    await client.build(one)
    ours.push(performance.now() - start)
    start = performance.now()
    const { status, stderr } = spawnSync(
      "nix-build",
      ["--store", native, "--no-out-link", "-E", `builtins.elemAt (${expression(0, rounds + 1)}) ${i}`],
      { env, encoding: "utf8" },
    )
    theirs.push(performance.now() - start)
    if (status !== 0) throw new Error(stderr)
    // What Nix needs when nothing is to be built: its start and its evaluation.
    start = performance.now()
    spawnSync("nix-build", ["--store", native, "--no-out-link", "-E", `builtins.elemAt (${expression(0, rounds + 1)}) ${i}`], { env })
    realised.push(performance.now() - start)
  }
  client.close()
  console.log(
    `${"a trivial build, one at a time (ms)".padEnd(36)} ${"times".padStart(7)} ${["p50", "p95", "p99", "max"].map((name) => name.padStart(8)).join(" ")}`,
  )
  latencies("the gateway, from asking to done", ours)
  latencies("nix-build, the whole process", theirs)
  latencies("nix-build when it is built already", realised)
  const ratio = quantile(ours, 0.5) / quantile(theirs, 0.5)
  const own = quantile(ours, 0.5) / (quantile(theirs, 0.5) - quantile(realised, 0.5))
  console.log(`ratio of the medians: ${ratio.toFixed(2)}; to nix-build without its start: ${own.toFixed(2)}`)
}

/** How long lines of a log are on their way: each says when it was written, to 10 ms. @param {string} url */
async function lines(url) {
  const uptime = () => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0])
  const script =
    "for n in 0 1 2 3 4 5 6 7 8 9; do read up idle < /proc/uptime; echo $up; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; done; "
  const client = new GatewayClient(url)
  /** @type {number[]} */
  const delays = []
  for (const one of instantiate(2_000_000, 3, script)) {
    await client.build(one, ({ log }) => {
      if (log === undefined) return
      const now = uptime()
      for (const line of Buffer.from(log.data, "base64").toString().split("\n")) if (line !== "") delays.push((now - Number(line)) * 1000)
    })
  }
  client.close()
  latencies("a line of a log, written to heard", delays)
}

/** @param {string} url @param {number | undefined} pid */
async function load(url, pid) {
  const perClient = Math.ceil((seconds * 1000) / Math.max(pause, 1) / every) + 1
  const supply = instantiate(1_000_000, Math.min(20_000, clients * perClient) + 1)
  const known = /** @type {import("./gateway-client.mjs").Trivial} */ (supply.pop())
  const first = new GatewayClient(url)
  await first.build(known)
  first.close()
  const times = {
    built: /** @type {number[]} */ ([]),
    fresh: /** @type {number[]} */ ([]),
    upload: /** @type {number[]} */ ([]),
    narinfo: /** @type {number[]} */ ([]),
  }
  /** @type {Map<string, number>} */
  const errors = new Map()
  /** @type {number[]} */
  const used = [memory(pid)]
  const sampler = setInterval(() => used.push(memory(pid)), 1000)
  const end = performance.now() + seconds * 1000
  let builds = 0
  /** @param {number[]} list @param {() => Promise<unknown>} work */
  const timed = async (list, work) => {
    const start = performance.now()
    try {
      await work()
      list.push(performance.now() - start)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      errors.set(text, (errors.get(text) ?? 0) + 1)
    }
  }
  const one = async () => {
    const client = new GatewayClient(url)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * pause))
    while (performance.now() < end) {
      const fresh = ++builds % every === 0 ? supply.pop() : undefined
      if (fresh === undefined) await timed(times.built, () => client.build(known))
      else await timed(times.fresh, () => client.build(fresh))
      const blobs = [randomBytes(4096).toString("base64")]
      await timed(times.upload, () => client.call("thunkpad.gateway.v1.StoreService/PutBlobs", { blobs }))
      await timed(times.narinfo, () => client.request("GET", `/${known.output.slice(0, 32)}.narinfo`, {}))
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())))
    }
    client.close()
  }
  await Promise.all(Array.from({ length: clients }, one))
  clearInterval(sampler)
  console.log(`\n${`${clients} clients for ${seconds} s, pauses of ${pause} ms (ms)`.padEnd(36)} ${"times".padStart(7)}`)
  latencies("no-op: a build that is there already", times.built)
  latencies("a new trivial build", times.fresh)
  latencies("upload of a blob of 4 KiB", times.upload)
  latencies("a narinfo, signed", times.narinfo)
  const mean = (/** @type {number[]} */ list) => list.reduce((sum, each) => sum + each, 0) / list.length
  const tenth = Math.max(1, Math.floor(used.length / 10))
  const spots = [0, 0.25, 0.5, 0.75, 1].map((share) => used[Math.round(share * (used.length - 1))]?.toFixed(0))
  console.log(
    `memory of the gateway (MB): ${spots.join(" → ")}, at most ${Math.max(...used).toFixed(0)}; the last tenth ${(mean(used.slice(-tenth)) / mean(used.slice(tenth, 2 * tenth))).toFixed(2)} of the second`,
  )
  console.log(`errors: ${[...errors.values()].reduce((sum, each) => sum + each, 0)}`)
  for (const [text, count] of errors) console.log(`  ${count} × ${text}`)
}

if (!hasNix) throw new Error("nix-build and nix-instantiate are needed: they make the derivations")
if (given("--program") === undefined) ensureBuilt()
const { child, url } = await startGateway()
try {
  await overhead(url)
  await lines(url)
  await load(url, child.pid)
} finally {
  child.kill("SIGTERM")
  await new Promise((resolve) => child.once("exit", resolve))
  spawnSync("chmod", ["-R", "u+w", scratch])
  rmSync(scratch, { recursive: true, force: true })
}
