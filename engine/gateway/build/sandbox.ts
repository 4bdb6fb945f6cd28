// The options of bubblewrap for a build: namespaces of its own, no network, no capabilities, and of the file system nothing but
// what it was given. What a builder sees is what Nix shows it: /build, /nix/store, /bin/sh, /dev, /proc, /etc with three files,
// user 1000 of group 100, host "localhost", itself as process 1. C++ Nix: libstore/linux/build/linux-derivation-builder.cc

import type { BuildJob } from "./build-job.ts"

/** Where the parts of a sandbox are, as bubblewrap sees them. Paths are absolute. */
export interface SandboxPaths {
  /** The folder that becomes "/", with a mount point for everything. */
  readonly root: string
  /** Whether the builder could write to it if it were not mounted read-only. */
  readonly isBuilders: boolean
  /** Of each scratch path of the job. */
  readonly scratch: ReadonlyMap<string, string>
  /** Of each input that is not a symlink. */
  readonly inputs: ReadonlyMap<string, string>
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
    ...["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--as-pid-1", "--new-session", "--clearenv"],
    ...["--cap-drop", "ALL", "--uid", "1000", "--gid", "100", "--hostname", "localhost", "--bind", paths.root, "/"],
    // The kernel lets root write to its switches (core_pattern runs programs) by who it is, without any capability, and to the kernel
    // the builders of a gateway that root runs are root where they cannot be users of their own. bubblewrap covers what else there is.
    ...["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--ro-bind-try", "/proc/fs", "/proc/fs"],
    ...["--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", "--bind", paths.tmp, "/tmp"],
  ]
  options.push("--remount-ro", "/dev")
  if (job.binSh) options.push("--ro-bind", paths.shell, "/bin/sh")
  for (const [path, folder] of paths.scratch) options.push("--bind", folder, `/${path}`)
  for (const [name, path] of paths.inputs)
    options.push("--ro-bind", Buffer.from(path, "latin1"), Buffer.from(`/${job.inputsDir}/${name}`, "latin1"))
  for (const [key, value] of job.environment) options.push("--setenv", key, value)
  if (paths.isBuilders) options.push("--remount-ro", "/")
  options.push("--chdir", `/${job.workingDir}`)
  return Buffer.concat(options.flatMap((option) => [typeof option === "string" ? Buffer.from(option, "utf8") : option, Buffer.of(0)]))
}
