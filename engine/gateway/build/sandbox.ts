// The options of bubblewrap for a build: namespaces of its own, no network, no capabilities, and of the file system nothing but
// what it was given. What a builder sees is what Nix shows it: /build, /nix/store, /bin/sh, /dev, /proc, /etc with three files,
// user 1000 of group 100, host "localhost". C++ Nix: libstore/unix/build/linux-derivation-builder.cc

import { type BuildJob, isWithin } from "./build-job.ts"

/** Where the parts of a sandbox are on the machine. Paths are absolute. */
export interface SandboxPaths {
  /** Of each scratch path of the job. */
  readonly scratch: ReadonlyMap<string, string>
  /** Of each input; symlinks are not here but in `links`. */
  readonly inputs: ReadonlyMap<string, string>
  /** Inputs that are symlinks, with their targets. */
  readonly links: ReadonlyMap<string, string>
  /** A folder with passwd, group, hosts. */
  readonly etc: string
  /** An empty folder, for /tmp. */
  readonly tmp: string
  /** A static busybox, for /bin/sh. */
  readonly shell: string
}

/** The files of /etc. */
export const etcFiles: Readonly<Record<string, string>> = {
  passwd:
    "root:x:0:0:Nix build user:/build:/noshell\nnixbld:x:1000:100:Nix build user:/build:/noshell\nnobody:x:65534:65534:Nobody:/:/noshell\n",
  group: "root:x:0:\nnixbld:!:100:\nnogroup:x:65534:\n",
  hosts: "127.0.0.1 localhost\n::1 localhost\n",
}

/** The options, as bubblewrap reads them from a file descriptor: ended by zero bytes. */
export function sandboxOptions(job: BuildJob, paths: SandboxPaths): Buffer {
  const options: (string | Uint8Array)[] = [
    ...["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--clearenv"],
    ...["--cap-drop", "ALL", "--uid", "1000", "--gid", "100", "--hostname", "localhost"],
    // The kernel lets root write to its switches (core_pattern runs programs) by who it is, without any capability, and to the kernel
    // the builders of a gateway that root runs are root. bubblewrap covers what else there is.
    ...["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--ro-bind-try", "/proc/fs", "/proc/fs"],
    ...["--dev", "/dev", "--ro-bind", paths.etc, "/etc", "--bind", paths.tmp, "/tmp"],
  ]
  if (job.binSh) options.push("--ro-bind", paths.shell, "/bin/sh")
  for (const folder of foldersAbove(job)) options.push("--perms", "0755", "--dir", `/${folder}`)
  for (const [path, folder] of paths.scratch) options.push("--bind", folder, `/${path}`)
  for (const [name, path] of paths.inputs)
    options.push("--ro-bind", Buffer.from(path, "latin1"), Buffer.from(`/${job.inputsDir}/${name}`, "latin1"))
  for (const [name, target] of paths.links)
    options.push("--symlink", Buffer.from(target, "latin1"), Buffer.from(`/${job.inputsDir}/${name}`, "latin1"))
  for (const [key, value] of job.environment) options.push("--setenv", key, value)
  options.push("--remount-ro", "/", "--chdir", `/${job.workingDir}`)
  return Buffer.concat(options.flatMap((option) => [typeof option === "string" ? Buffer.from(option, "utf8") : option, Buffer.of(0)]))
}

/** The folders that scratch paths and inputs are in: bubblewrap would make them for their owner alone. */
function foldersAbove(job: BuildJob): Set<string> {
  const folders = new Set<string>()
  for (const path of [...job.scratchPaths, `${job.inputsDir}/x`]) {
    const parts = path.split("/")
    for (let i = 1; i < parts.length; i++) folders.add(parts.slice(0, i).join("/"))
  }
  // What is a scratch path, or in one, comes from the machine.
  for (const folder of folders) if (job.scratchPaths.some((scratch) => isWithin(folder, scratch))) folders.delete(folder)
  return folders
}
