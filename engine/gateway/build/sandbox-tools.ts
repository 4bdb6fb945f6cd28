// The programs that local builds need, and getting them from Debian's packages.

import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"

/** What is asked of the machine; tests give their own. */
export interface Machine {
  /** Whether a program of this name can be run. */
  has(program: string): boolean
  exists(path: string): boolean
  readonly isRoot: boolean
  /** Runs a program; true if it succeeded. */
  run(program: string, argv: readonly string[]): boolean
}

/** This machine. */
export function thisMachine(): Machine {
  return {
    has: (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined,
    exists: existsSync,
    isRoot: process.getuid?.() === 0,
    run: (program, argv) =>
      spawnSync(program, argv, { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } }).status === 0,
  }
}

/** Where a static busybox may be. */
export const busyboxPlaces: readonly string[] = ["/bin/busybox", "/usr/bin/busybox"]

/** Debian's packages of what is missing. */
export function missingPackages(machine: Machine): string[] {
  const packages: string[] = []
  if (!machine.has("bwrap")) packages.push("bubblewrap")
  if (!busyboxPlaces.some((path) => machine.exists(path))) packages.push("busybox-static")
  return packages
}

/** Installs what is missing, as root on Debian; elsewhere nothing happens, and the executor says what to do. Gives what was installed. */
export function installPackages(machine: Machine): string[] {
  const packages = missingPackages(machine)
  if (packages.length === 0 || !machine.isRoot || !machine.exists("/etc/debian_version")) return []
  const install = (): boolean => machine.run("apt-get", ["install", "-y", "--no-install-recommends", ...packages])
  // A machine that was just made has no lists of packages.
  return install() || (machine.run("apt-get", ["update"]) && install()) ? packages : []
}
