// `thunkpad instantiate` without --eval: which derivations it finds in a value, and what it leaves behind. The expected paths are
// what nix-instantiate 2.8 printed.

import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { type Ran, runCommand } from "../setup/command.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-instantiate-`))
const warning = "warning: you did not specify '--add-root'; the result might be removed by the garbage collector\n"

beforeAll(initHashes)
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const set = `let d = name: derivation { inherit name; system = "s"; builder = "b"; };
  multi = derivation { name = "multi"; system = "s"; builder = "b"; outputs = [ "out" "dev" ]; };
in {
  set = { b = d "b"; a = d "a"; c = 1; };
  recurse = { x = { recurseForDerivations = true; y = d "y"; deep = { z = d "z"; }; }; n = { z = d "z"; }; };
  list = [ (d "l1") [ (d "l2") { q = d "l3"; r = { s = d "hidden"; }; } ] ];
  twice = rec { x = d "x"; y = x; };
  output = multi.dev;
  names = { "1bad" = d "bad"; "a.b" = d "bad"; "ok+1" = d "ok"; "_u" = d "u"; };
  fun = { x ? "f" }: { a = d x; g = { y ? 1 }: d "notcalled"; };
  combine = { _combineChannels = [ ]; ch = { p = d "p"; }; };
  notdrv = 1;
  nested = { a = { recurseForDerivations = 1; }; };
  functor = { __functor = self: { }: d "functor"; };
  noname = { type = "derivation"; drvPath = "x"; };
  endless = let e = { recurseForDerivations = true; inherit e; }; in e;
  unnamed = { type = "derivation"; name = "x"; };
  elsewhere = { type = "derivation"; name = "x"; drvPath = "/tmp/x.drv"; };
  nodrv = { type = "derivation"; name = "x"; drvPath = "/nix/store/00000000000000000000000000000000-x"; };
}`

/** Attribute, printed base names, or what the error says. */
const found: readonly (readonly [string, readonly string[] | string])[] = [
  ["set", ["pn5w9v350w6b152fg17i8iinyi3g0di4-a.drv", "43l5jp3jv2clivff5nd6hnirrrrw7ksk-b.drv"]],
  ["recurse", ["ak0fmizw475y21l5bz99gnd6ha6an8bj-y.drv"]],
  [
    "list",
    ["035dxnay1r6c22z38z95qa0xr3jbrx0s-l1.drv", "7cck59fxhlkrfqii1dnn7575pza6z3cx-l2.drv", "gnsjd7k10q3shp2848vhs42z2a6qxgm4-l3.drv"],
  ],
  ["twice", ["5wq5jx7219pmi3xklyhl77fjbqvy6qaj-x.drv"]],
  ["output", ["17vdgk84m8bnz1zkz2kc357cv5a6vjq5-multi.drv!dev"]],
  ["names", ["2gmwcisis471c8zs1d5zlscq9bwsa28g-u.drv", "fq3h6sqxh9nzpw3fxxn1lpm1ilwm1cnv-ok.drv"]],
  ["fun", ["jkdh3bwmlgymxkx0pn3958jmk879gsn2-f.drv"]],
  ["combine", ["3d42sygvz0zfniivqqnvahiwbxshbbwb-p.drv"]],
  ["functor", ["a1yhls3d9gvr8z6rh8bcj0lrgd2gakd7-functor.drv"]],
  ["notdrv", "expression does not evaluate to a derivation (or a set or list of those)"],
  ["nested", "expected a Boolean but found an integer: 1"],
  ["noname", "derivation name missing"],
  ["endless", "stack overflow; max-call-depth exceeded"],
  ["unnamed", "derivation does not contain a 'drvPath' attribute"],
  ["elsewhere", "path '/tmp/x.drv' is not in the Nix store"],
  ["nodrv", "store path '00000000000000000000000000000000-x' is not a valid derivation path"],
]

describe("what is found in a value", () => {
  for (const run of ["closures", "stepper"])
    for (const [attr, wanted] of found)
      test(`${attr}, ${run}`, async () => {
        const { status, out, err } = await runCommand(instantiate, ["--run", run, "-E", set, "-A", attr])
        if (typeof wanted === "string") {
          expect([status, out]).toEqual([1, ""])
          expect(err).toContain(`error: ${wanted}`)
        } else expect({ status, out, err }).toEqual({ status: 0, out: wanted.map((name) => `/nix/store/${name}\n`).join(""), err: "" })
      })
})

describe("a store in a folder", () => {
  const run = (...argv: string[]): Promise<Ran> => runCommand(instantiate, ["-E", set, ...argv], { cwd: folder })
  const drv = "/nix/store/pn5w9v350w6b152fg17i8iinyi3g0di4-a.drv"

  test("the warning comes once", async () => {
    const { err } = await run("--store", "s1", "-A", "set", "-A", "list")
    expect(err).toBe(warning)
  })

  test("files are read-only and one second old", async () => {
    await run("--store", "s2", "-A", "set")
    const stat = fs.statSync(`${folder}/s2${drv}`)
    expect([stat.mode & 0o777, stat.mtimeMs]).toEqual([0o444, 1000])
    expect(fs.readdirSync(`${folder}/s2/nix/store`).sort()).toEqual([
      "43l5jp3jv2clivff5nd6hnirrrrw7ksk-b.drv",
      "pn5w9v350w6b152fg17i8iinyi3g0di4-a.drv",
    ])
  })

  test("evaluation alone writes nothing, unless told to", async () => {
    await run("--store", "s3", "--eval", "-A", "set.a.drvPath")
    expect(fs.readdirSync(`${folder}/s3/nix/store`)).toEqual([])
    await run("--store", "s3", "--eval", "--read-write-mode", "-A", "set.a.drvPath")
    expect(fs.readdirSync(`${folder}/s3/nix/store`)).toEqual(["pn5w9v350w6b152fg17i8iinyi3g0di4-a.drv"])
  })

  test("a string that is too long stops the evaluation, it is no fault of the engine", async () => {
    const long = `builtins.foldl' (a: _: a + a) "x" (builtins.genList (x: x) 40)`
    expect(await runCommand(instantiate, ["--eval", "-E", long], { cwd: folder })).toEqual({
      status: 1,
      out: "",
      err: "error: evaluation would allocate more memory than it may\n",
    })
  })

  test("without a network a known hash tells the store path of a download, and its derivation is written", async () => {
    const fetched = `builtins.fetchurl { url = "https://example.org/x"; name = "x"; sha256 = builtins.hashString "sha256" ""; }`
    const argv = ["--offline", "--store", "s9", "-E", `derivation { name = "d"; system = "s"; builder = "b"; src = ${fetched}; }`]
    const { status, out } = await runCommand(instantiate, ["--eval", "--offline", "-E", fetched], { cwd: folder })
    expect([status, out]).toEqual([0, `"/nix/store/9zicq1m4wy4bv50xa4l1jk4kpyy41kih-x"\n`])
    expect((await runCommand(instantiate, argv, { cwd: folder })).out).toBe("/nix/store/wzpg095njw37g5jq6zqprfpamcb56d6k-d.drv\n")
    const { err } = await runCommand(instantiate, ["--eval", "--offline", "-E", `builtins.fetchurl "https://example.org/x"`], {
      cwd: folder,
    })
    expect(err).toContain("unable to download 'https://example.org/x': there is no network here")
  })

  test("toFile writes as a .drv only what is a derivation", async () => {
    const text = (contents: string) => `builtins.toFile "x.drv" (${contents})`
    const evaluate = (expr: string) =>
      runCommand(instantiate, ["--read-write-mode", "--store", "s10", "--eval", "-E", expr], { cwd: folder })
    expect((await evaluate(text(`"x"`))).err).toContain(
      "error: error parsing derivation '/nix/store/dx06cmyv128k6mr2hdh6nbs4rdb1qdqk-x.drv': expected string 'D'",
    )
    expect(fs.readdirSync(`${folder}/s10/nix/store`)).toEqual([])
    const drv = `derivation { name = "x"; system = "s"; builder = "b"; }`
    const again = await evaluate(
      `let d = ${drv}; in ${text("builtins.unsafeDiscardStringContext (builtins.readFile d.drvPath)")} == d.drvPath`,
    )
    expect([again.out, again.err]).toEqual(["true\n", ""])
  })

  test("storePath and appendContext take what the store has, and refuse the rest if the store can be written", async () => {
    const path = `${"0".repeat(32)}-absent`
    const argv = ["--store", "s8", "--eval", "-E", `builtins.storePath "/nix/store/${path}"`]
    expect((await runCommand(instantiate, argv, { cwd: folder })).out).toBe(`"/nix/store/${path}"\n`)
    const { status, err } = await runCommand(instantiate, ["--read-write-mode", ...argv], { cwd: folder })
    expect(status).toBe(1)
    expect(err).toContain(`error: path '/nix/store/${path}' is required, but there is no substituter that can build it`)
    const append = `builtins.appendContext "" { "/nix/store/${path}" = { path = true; }; }`
    const appended = await runCommand(instantiate, ["--read-write-mode", "--store", "s8", "--eval", "-E", append], { cwd: folder })
    expect(appended.err).toContain(`error: path '/nix/store/${path}' is required, but there is no substituter that can build it`)
    const there = `builtins.storePath (builtins.unsafeDiscardStringContext (builtins.toFile "t" ""))`
    expect(await runCommand(instantiate, ["--read-write-mode", "--store", "s8", "--eval", "-E", there], { cwd: folder })).toMatchObject({
      status: 0,
      err: "",
    })
  })

  test("roots are symlinks that the store knows of", async () => {
    const { out, err } = await run("--store", "s4", "--add-root", "r", "-A", "set")
    expect([out, err]).toEqual([`${folder}/r\n${folder}/r-2\n`, ""])
    expect(fs.readlinkSync(`${folder}/r`)).toBe(drv)
    const auto = `${folder}/s4/nix/var/nix/gcroots/auto`
    expect(
      fs
        .readdirSync(auto)
        .map((name) => fs.readlinkSync(`${auto}/${name}`))
        .sort(),
    ).toEqual([`${folder}/r`, `${folder}/r-2`])
    fs.writeFileSync(`${folder}/file`, "")
    expect((await run("--store", "s4", "--add-root", "file", "-A", "set")).err).toContain("already exists")
  })

  test("what was written can be read by the same evaluation", async () => {
    fs.mkdirSync(`${folder}/src`)
    fs.writeFileSync(`${folder}/src/a`, "1")
    const read = `let t = builtins.toFile "t" "text"; s = builtins.path { path = ./src; name = "s"; };
      d = derivation { name = "d"; system = "s"; builder = "b"; inherit t s; };
      in [ (builtins.readFile t) (builtins.readDir s) (builtins.substring 0 8 (builtins.readFile d.drvPath)) (import "\${builtins.toFile "x.nix" "1 + 1"}") ]`
    const argv = ["--store", "s5", "--eval", "--read-write-mode", "--strict", "--json", "-E", read]
    expect(await runCommand(instantiate, argv, { cwd: folder })).toEqual({
      status: 0,
      out: '["text",{"a":"regular"},"Derive([",2]\n',
      err: "",
    })
  })

  test("the store can be named by NIX_REMOTE and as a URL", async () => {
    for (const [env, argv] of [
      [{ NIX_REMOTE: `${folder}/s6` }, []],
      [{}, ["--store", "local?root=s7"]],
    ] as const)
      await runCommand(instantiate, ["-E", set, "-A", "set", ...argv], { cwd: folder, env })
    for (const name of ["s6", "s7"]) expect(fs.existsSync(`${folder}/${name}${drv}`)).toBe(true)
    expect((await run("--store", "https://example.org", "-A", "set")).err).toBe(
      "error: don't know how to open Nix store 'https://example.org'\n",
    )
  })
})
