// Finds the Chromium that the tests drive and, as root on Debian, installs one when there is none.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
const PLACES = ["/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"]

/**
 * The path of a Chromium: `CHROMIUM` if set, else the first known name on the PATH.
 * @returns {string | undefined} undefined when there is none
 * @throws {Error} when `CHROMIUM` names a file that does not exist
 */
export function findChromium() {
  const chosen = process.env["CHROMIUM"]
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`CHROMIUM is set to ${chosen}, which does not exist`)
    return chosen
  }
  for (const name of NAMES) {
    for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
      const path = join(folder, name)
      if (folder !== "" && existsSync(path)) return path
    }
  }
  return PLACES.find((path) => existsSync(path))
}

/**
 * As findChromium; without one, installs Debian's package when that is possible.
 * @returns {string}
 * @throws {Error} that says what to run when no Chromium is found or could be installed
 */
export function findOrInstallChromium() {
  const found = findChromium()
  if (found !== undefined) return found
  if (distribution() !== "debian") throw new Error(`No Chromium found. ${advice()}`)
  if (process.getuid?.() !== 0)
    throw new Error("No Chromium found. Run: sudo apt-get install chromium   (or set CHROMIUM to the path of one)")
  console.log("No Chromium found: installing Debian's package with apt-get (about 100 MB) ...")
  // `update` may fail over a source that has nothing to do with Chromium: what counts is the second command.
  aptGet("update")
  const problem = aptGet("install", "-y", "--no-install-recommends", "chromium")
  if (problem !== null) throw new Error(`apt-get install chromium failed: ${problem}`)
  const installed = findChromium()
  if (installed === undefined) throw new Error("apt-get installed chromium, but no chromium is on the PATH")
  return installed
}

/**
 * Runs apt-get without questions; null or what went wrong.
 * @param {string[]} args
 * @returns {string | null}
 */
function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const run = spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env })
  return run.status === 0 ? null : (run.error?.message ?? `exit status ${run.status}`)
}

/** What starts Debian's Chromium, headless and as root too: for Playwright and for vitest's browser mode alike. */
export function launchOptions() {
  const executablePath = findChromium()
  return {
    ...(executablePath === undefined ? {} : { executablePath }),
    chromiumSandbox: false,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
    ],
  }
}

/** The distribution's `ID` (`debian`, `fedora`, ...); "" where there is no os-release. */
function distribution() {
  if (!existsSync("/etc/os-release")) return ""
  return /^ID="?([a-z-]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? ""
}

/** The command that installs a Chromium here. */
function advice() {
  /** @type {Record<string, string>} */
  const commands = {
    ubuntu: "sudo apt-get install chromium-browser",
    fedora: "sudo dnf install chromium",
    arch: "sudo pacman -S chromium",
    alpine: "sudo apk add chromium",
    nixos: "nix-shell -p chromium",
  }
  const command = process.platform === "darwin" ? "brew install --cask chromium" : commands[distribution()]
  return `${command ? `Run: ${command}` : "Install Chromium or Chrome"}   (or set CHROMIUM to the path of one)`
}
