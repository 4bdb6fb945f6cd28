// Three machines on one: a coordinator and two workers with real Nix, as network namespaces with roots of their own. The script that makes
// them is beside the conformance data; it needs root, sshd, ip and Nix.
import { execFile, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { shared, sharedIsHere } from "../shared.ts"

export type Worker = "w1" | "w2"

/** Why there can be no machines here; undefined if there can. */
export function whyNoMachines(): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root"
  for (const [program, from] of [
    ["/usr/sbin/sshd", "openssh-server"],
    ["/usr/sbin/ip", "iproute2"],
    ["/usr/bin/nix-daemon", "nix-bin"],
    ["/bin/busybox", "busybox-static"],
  ] as const)
    if (!fs.existsSync(program)) return `${program} is missing: apt-get install ${from}`
  if (!sharedIsHere || !fs.existsSync(shared("oracle/machines.sh"))) return "machines.sh is not among the conformance data"
  if (fs.existsSync("/run/netns/coord")) return "there is a network namespace 'coord' already"
  return undefined
}

/** Lost connections are noticed within some seconds, on both sides. */
const sshOptions = "-o ServerAliveInterval=2 -o ServerAliveCountMax=2 -o ConnectTimeout=5"
const sshdOptions = "ClientAliveInterval 1\nClientAliveCountMax 2\n"

export class Machines {
  readonly #folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-machines-`))

  /** Starts all three. */
  async up(): Promise<void> {
    // An overlay's upper layer must not be in its lower one.
    run("mount", "-t", "tmpfs", "none", this.#folder)
    // The coordinator builds nothing itself.
    await this.#script(["up"], { NIX_SSHOPTS: sshOptions, NIX_CONFIG: "max-jobs = 0" })
    for (const worker of ["w1", "w2"] as const) {
      const root = `${this.#folder}/${worker}/root`
      const etc = `${root}/etc`
      // What the user of this machine has there would run for each build, and may wait for what a killed one has left.
      fs.writeFileSync(`${root}/root/.bashrc`, "")
      fs.appendFileSync(`${etc}/nix/nix.conf`, "sandbox-fallback = false\nsandbox-paths = /bin/sh=/bin/busybox\n")
      fs.appendFileSync(`${etc}/ssh/sshd_config`, sshdOptions)
      await this.kill(worker)
      await this.start(worker)
    }
  }

  /** The socket of the coordinator's daemon. */
  get socket(): string {
    return `${this.#folder}/coord/root/nix/var/nix/daemon-socket/socket`
  }

  /** Ends all processes of a worker at once. */
  kill(worker: Worker): Promise<void> {
    return this.#script(["kill", worker])
  }

  start(worker: Worker): Promise<void> {
    return this.#script(["start", worker])
  }

  /** Nothing goes to a worker or comes from it any more. */
  part(worker: Worker): void {
    run("ip", "-n", "coord", "link", "set", worker.replace("w", "c"), "down")
  }

  heal(worker: Worker): void {
    run("ip", "-n", "coord", "link", "set", worker.replace("w", "c"), "up")
  }

  async down(): Promise<void> {
    await this.#script(["down"])
    spawnSync("umount", ["-l", this.#folder])
    fs.rmdirSync(this.#folder)
  }

  #script(argv: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<void> {
    const env = { PATH: process.env["PATH"], HOME: "/root", MACHINES_DIR: this.#folder, ...more }
    // Its machines go on when it has ended: nothing of them is waited for.
    return new Promise((resolve, reject) => {
      execFile(
        "bash",
        ["-c", `exec bash "$@" > ${this.#folder}/script.log 2>&1 < /dev/null`, "sh", shared("oracle/machines.sh"), ...argv],
        { env },
        (error) => {
          if (error === null) resolve()
          else reject(new Error(`machines.sh ${argv.join(" ")}: ${fs.readFileSync(`${this.#folder}/script.log`, "utf8")}`))
        },
      )
    })
  }
}

function run(program: string, ...argv: string[]): void {
  const { status, stderr } = spawnSync(program, argv, { encoding: "utf8" })
  if (status !== 0) throw new Error(`${program} ${argv.join(" ")}: ${stderr}`)
}
