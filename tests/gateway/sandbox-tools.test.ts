// Which packages local builds miss, and when they are installed.
import { expect, test } from "vitest"
import { installPackages, type Machine, missingPackages } from "../../engine/gateway/build/sandbox-tools.ts"

function machine({ has = [] as string[], files = [] as string[], isRoot = true, fails = 0 }) {
  const ran: string[] = []
  let failing = fails
  const made: Machine = {
    has: (program) => has.includes(program),
    exists: (path) => files.includes(path),
    isRoot,
    run: (program, argv) => {
      ran.push([program, ...argv].join(" "))
      return failing-- <= 0
    },
  }
  return { machine: made, ran }
}

const debian = "/etc/debian_version"
const install = "apt-get install -y --no-install-recommends"

test("what is missing is told by Debian's names", () => {
  expect(missingPackages(machine({}).machine)).toEqual(["bubblewrap", "busybox-static"])
  expect(missingPackages(machine({ has: ["bwrap"] }).machine)).toEqual(["busybox-static"])
  expect(missingPackages(machine({ has: ["bwrap"], files: ["/usr/bin/busybox"] }).machine)).toEqual([])
})

test("root on Debian gets it, once", () => {
  const { machine: fresh, ran } = machine({ files: [debian] })
  expect(installPackages(fresh)).toEqual(["bubblewrap", "busybox-static"])
  expect(ran).toEqual([`${install} bubblewrap busybox-static`])
})

test("without lists of packages they are fetched first, and a failure installs nothing", () => {
  const fresh = machine({ has: ["bwrap"], files: [debian], fails: 1 })
  expect(installPackages(fresh.machine)).toEqual(["busybox-static"])
  expect(fresh.ran).toEqual([`${install} busybox-static`, "apt-get update", `${install} busybox-static`])
  expect(installPackages(machine({ files: [debian], fails: 9 }).machine)).toEqual([])
})

test.each([
  ["others than root", machine({ files: [debian], isRoot: false })],
  ["other systems than Debian", machine({})],
  ["those who have all", machine({ has: ["bwrap"], files: [debian, "/bin/busybox"] })],
])("nothing is installed for %s", (_, { machine: here, ran }) => {
  expect(installPackages(here)).toEqual([])
  expect(ran).toEqual([])
})
