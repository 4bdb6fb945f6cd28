// What builders may not ask of the kernel, as Nix has it: nobody makes files that run as their owner or group (an archive cannot have
// them), nor attributes and access lists beside files (nor these). A program of the classic packet filter, as bubblewrap takes it: eight
// bytes for each instruction, code, two jumps and a number. C++ Nix: libstore/linux/build/linux-derivation-builder.cc, setupSeccomp

/** The system calls of one kind of programs, by number; those that change modes with the place of the mode among their arguments. */
interface Calls {
  /** AUDIT_ARCH_… of linux/audit.h. */
  readonly architecture: number
  readonly chmod: readonly (readonly [call: number, argument: number])[]
  /** set, get and list, each for paths, links and open files. */
  readonly xattr: readonly number[]
}

const range = (from: number): number[] => Array.from({ length: 9 }, (_, i) => from + i)
const fchmodat2 = [452, 2] as const

const x64: Calls = { architecture: 0xc000003e, chmod: [[90, 1], [91, 1], [268, 2], fchmodat2], xattr: range(188) }
const x86: Calls = { architecture: 0x40000003, chmod: [[15, 1], [94, 1], [306, 2], fchmodat2], xattr: range(226) }
const arm64: Calls = { architecture: 0xc00000b7, chmod: [[52, 1], [53, 2], fchmodat2], xattr: range(5) }
const arm: Calls = { architecture: 0x40000028, chmod: [[15, 1], [94, 1], [333, 2], fchmodat2], xattr: range(226) }

/** By Node's names: what runs on such a machine. */
const machines: Readonly<Record<string, readonly Calls[]>> = { x64: [x64, x86], ia32: [x86], arm64: [arm64, arm], arm: [arm] }

// linux/bpf_common.h, linux/seccomp.h
const load = 0x20
const and = 0x54
const jumpIfEqual = 0x15
const jumpIfAny = 0x45
const answer = 0x06
const allow = 0x7fff0000
const fail = 0x00050000
const notPermitted = 1
const notSupported = 95
const setIds = 0o6000
/** Programs of x32 have the calls of x86-64 with this bit. */
const x32 = 0x40000000

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number]

/** The filter for a machine, by Node's name for its kind; undefined for those that are not known here. */
export function syscallFilter(machine: string): Buffer | undefined {
  const kinds = machines[machine]
  if (kinds === undefined) return undefined
  const program: Instruction[] = []
  for (const { architecture, chmod, xattr } of kinds) {
    const part: Instruction[] = [
      [load, 0, 0, 0],
      [and, 0, 0, ~x32 >>> 0],
    ]
    for (const [call, argument] of chmod) {
      part.push([jumpIfEqual, 0, 4, call], [load, 0, 0, 16 + 8 * argument], [jumpIfAny, 0, 1, setIds])
      part.push([answer, 0, 0, fail | notPermitted], [answer, 0, 0, allow])
    }
    for (const call of xattr) part.push([jumpIfEqual, 0, 1, call], [answer, 0, 0, fail | notSupported])
    part.push([answer, 0, 0, allow])
    // A jump is over 255 instructions at most.
    program.push([load, 0, 0, 4], [jumpIfEqual, 0, part.length, architecture], ...part)
  }
  program.push([answer, 0, 0, allow])
  const bytes = Buffer.alloc(8 * program.length)
  for (const [i, [code, ifTrue, ifFalse, k]] of program.entries()) {
    bytes.writeUInt16LE(code, 8 * i)
    bytes.writeUInt8(ifTrue, 8 * i + 2)
    bytes.writeUInt8(ifFalse, 8 * i + 3)
    bytes.writeUInt32LE(k, 8 * i + 4)
  }
  return bytes
}
