// A build that tries to get out of the sandbox, at the start of every gateway: what it sees must be what it was given.

import { b3 } from "../../castore/digest.ts"
import type { BuildJob } from "./build-job.ts"

/** Prints a line "what=…" for each thing it tries. */
const script = `
echo "root=$(echo /*)"
echo "store=$(echo /nix/store/*)"
echo "id=$(while read -r key value rest; do case $key in Uid:|Gid:|CapEff:|NoNewPrivs:) echo -n "$key$value ";; esac; done < /proc/self/status)"
echo "net=$(while read -r name rest; do case $name in *:) echo -n "$name";; esac; done < /proc/net/dev)"
echo "processes=$(for p in /proc/[0-9]*; do echo -n x; done)"
(echo x > /escape) 2>/dev/null && echo "write=root" || echo "write=no"
(echo x > /bin/escape) 2>/dev/null && echo "bin=writable" || echo "bin=no"
(: >> /proc/sys/kernel/core_pattern) 2>/dev/null && echo "switches=writable" || echo "switches=no"
echo x > /nix/store/0000000000000000000000000000000-canary
echo "end=yes"
`

/** What the lines must be. */
const wanted: Readonly<Record<string, RegExp>> = {
  root: /^\/bin \/build \/dev \/etc \/nix \/proc \/tmp$/,
  store: /^\/nix\/store\/\*$/,
  id: /^Uid:1000 Gid:100 CapEff:0{16} NoNewPrivs:1 $/,
  net: /^lo:$/,
  // The sandbox's own, the shell, and those that the shell starts for this line.
  processes: /^x{1,5}$/,
  write: /^no$/,
  bin: /^no$/,
  switches: /^no$/,
  end: /^yes$/,
}

export function canaryJob(system: string): BuildJob {
  return {
    key: b3(new Uint8Array(0)),
    inputs: new Map(),
    command: ["/bin/sh", "-c", script],
    workingDir: "build",
    scratchPaths: ["build", "nix/store"],
    inputsDir: "nix/store",
    outputs: ["nix/store/0000000000000000000000000000000-canary"],
    environment: new Map(),
    files: new Map(),
    needles: [],
    system,
    minMemory: 0,
    network: false,
    binSh: true,
    derivation: undefined,
  }
}

/** What the log says that should not be; undefined if all is well. */
export function canaryFault(log: string): string | undefined {
  const lines = new Map(log.split("\n").map((line) => [line.replace(/=.*/, ""), line.replace(/^[^=]*=/, "")]))
  for (const [what, pattern] of Object.entries(wanted)) {
    const found = lines.get(what)
    if (found === undefined || !pattern.test(found)) return `the sandbox does not hold here: ${what} is '${found ?? "not told"}'`
  }
  return undefined
}
