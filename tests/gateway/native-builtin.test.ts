// Builders that Nix is itself, and that the gateway is: builtin:buildenv and builtin:unpack-channel beside those of real Nix, on the
// same derivations. What succeeds there succeeds here with the same archives and references, what fails there fails here.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printStorePath } from "../../engine/formats/store-path/store-path.ts"
import { BubblewrapExecutor } from "../../engine/gateway/build/bubblewrap.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import { BuiltinExecutor } from "../../engine/gateway/build/builtin.ts"
import { defaultBuildLimits } from "../../engine/gateway/build/executor.ts"
import { type BuildEvent, BuildEvent_Failed_Reason as Reason } from "../../engine/proto/gen/gateway_build_pb.ts"
import { memoryStore } from "../store/memory-store.ts"
import { NativeGraph, whyNotNative } from "./native-graph.ts"

const expression = `let
  system = builtins.currentSystem;
  busybox = builtins.path { path = ./tools; name = "tools"; };
  pkg = name: script: derivation { inherit name system busybox; builder = "/bin/sh"; args = [ "-ec" ("PATH=\${busybox}; mkdir $out; cd $out; " + script) ]; };
  file = path: text: "mkdir -p $(dirname \${path}); echo \${text} > \${path};";
  one = prio: p: [ "true" prio 1 p ];
  env = derivations: derivation { name = "user-environment"; system = "builtin"; builder = "builtin:buildenv"; manifest = builtins.toFile "manifest.nix" "[ ]"; inherit derivations; };
  a = pkg "a" (file "bin/a" "a" + file "share/man/man1/a.1" "a" + file "share/doc/x/y/z" "a" + file "etc/only-a" "a");
  b = pkg "b" (file "bin/b" "b" + file "share/man/man1/b.1" "b" + file "share/doc/x/y/w" "b" + file "lib/only/b" "b");
  useless = name: pkg name (file "bin/\${name}" name + file "nix-support/setup-hook" name + file "lib/perllocal.pod" name + file "share/info/dir" name
    + file "share/info/\${name}.info" name + file "share/log" name + file "manifest.nix" name + file "manifest.json" name + file "propagated-build-inputs" name + file ".hidden" name + file "share/.hidden" name + file "catalog" "1");
  same = n: pkg "same-\${toString n}" (file "bin/tool" (toString n) + file "share/x/data" (toString n) + file "share/own-\${toString n}" "x");
  dangling = pkg "dangling" (file "bin/real" "x" + "ln -s nowhere bin/broken; ln -s /nix/store/none top; ln -s real/below bin/below;");
  linked = pkg "linked" "ln -s \${a}/bin bin; ln -s \${b}/share/man/man1/b.1 page; mkdir share; ln -s ../../$(basename \${b})/share/doc share/doc; ln -s share/doc docs;";
  plain = derivation { name = "plain"; inherit system; builder = "/bin/sh"; args = [ "-c" "echo plain > $out" ]; };
  round = pkg "round" "ln -s self self; ln -s b a; ln -s a b;";
  within = n: pkg "within-\${toString n}" (file "d/\${toString n}" "x" + "ln -s . d/again;");
  clash = pkg "clash" (file "bin" "a file");
  wants = list: name: pkg name (file "bin/\${name}" name + "mkdir nix-support; echo '\${list}' > nix-support/propagated-user-env-packages;");
  low = wants "" "low";
  middle = wants "\${low} \${a}" "middle";
  top = wants " \${middle}  \${b} " "top";
  channel = channelName: src: derivation { name = channelName; system = "builtin"; builder = "builtin:unpack-channel"; inherit channelName src; };
in {
  nothing = env [ ];
  single = env (one 5 a);
  two = env (one 5 a ++ one 5 b);
  outputs = env [ "true" 5 2 a b ];
  off = env (one 5 a ++ [ "false" 5 1 b ]);
  useless = env (one 5 (useless "u") ++ one 6 (useless "v"));
  lower = env (one 5 (same 1) ++ one 4 (same 2) ++ one 9 (same 3));
  negative = env (one (-1) (same 1) ++ one 0 (same 2));
  equal = env (one 5 (same 1) ++ one 5 (same 2));
  dangling = env (one 5 dangling ++ one 5 a);
  linked = env (one 5 linked);
  merged = env (one 5 linked ++ one 6 a ++ one 7 b);
  mergedOther = env (one 7 linked ++ one 6 a ++ one 5 b);
  plain = env (one 5 plain ++ one 5 a);
  round = env (one 5 round);
  within = env (one 5 (within 1) ++ one 6 (within 2));
  clashFirst = env (one 5 clash ++ one 6 a);
  clashLast = env (one 5 a ++ one 6 clash);
  clashFolder = env (one 4 a ++ one 5 linked ++ one 6 clash);
  clashMerged = env (one 4 a ++ one 4 (pkg "more" (file "bin/more" "x")) ++ one 6 clash);
  propagated = env (one 5 top);
  twice = env (one 5 a ++ one 9 a ++ one 5 top);
  unpacked = channel "nixos" ./channel.tar.gz;
  unpackedXz = channel "some-name.d" ./channel.tar.xz;
  unpackedDot = channel "dot" ./dot.tar;
  several = channel "several" ./several.tar;
  empty = channel "empty" ./empty.tar;
  noArchive = channel "none" ./builtins.nix;
}`

const missing = whyNotNative()

if (missing !== undefined) test.skip(`Nix's own builders beside real Nix: ${missing}`, () => {})
else
  describe("Nix's own builders beside real Nix", { timeout: 300_000 }, () => {
    let native: NativeGraph
    let builds: Builds

    beforeAll(async () => {
      await initHashes()
      const { stores } = memoryStore()
      native = new NativeGraph(stores)
      await native.open()
      fs.writeFileSync(`${native.folder}/builtins.nix`, expression)
      const tree = `${native.folder}/channel-1.0`
      fs.mkdirSync(`${tree}/lib`, { recursive: true })
      fs.writeFileSync(`${tree}/default.nix`, "{ }")
      fs.writeFileSync(`${tree}/lib/run`, "#!/bin/sh\n", { mode: 0o755 })
      fs.symlinkSync("lib/run", `${tree}/run`)
      const tar = (...argv: string[]) => expect(spawnSync("tar", ["-C", native.folder, ...argv]).status).toBe(0)
      tar("-czf", `${native.folder}/channel.tar.gz`, "channel-1.0")
      tar("-cJf", `${native.folder}/channel.tar.xz`, "channel-1.0")
      tar("-cf", `${native.folder}/dot.tar`, "./channel-1.0")
      tar("-cf", `${native.folder}/several.tar`, "channel-1.0", "source")
      tar("-cf", `${native.folder}/empty.tar`, "-T", "/dev/null")
      const limits = defaultBuildLimits
      const sandbox = new BubblewrapExecutor({ stores, folder: `${native.folder}/sandbox`, limits, jobs: 2 })
      builds = new Builds({
        stores,
        folder: `${native.folder}/journal`,
        executors: [sandbox, new BuiltinExecutor(stores, undefined, limits)],
      })
      await builds.open()
    })

    afterAll(async () => {
      await builds?.close()
      native?.close()
    })

    /** Builds an attribute and all that it needs, here and there. */
    async function both(attribute: string) {
      const drvs = await native.instantiate(attribute, "builtins.nix")
      let end: BuildEvent["event"] | undefined
      let log = ""
      for (const path of drvs) {
        const build = await builds.submit(await native.jobOf(path), false)
        log = ""
        for await (const { event } of build.watch(0, new AbortController().signal)) {
          end = event
          if (event.case === "log") log += Buffer.from(event.value.data).toString("latin1")
        }
      }
      const last = drvs.at(-1)!
      const there = await native.run("nix-store", "--store", native.root, "--realise", printStorePath(last))
      return { end: end!, log, there, last }
    }

    test.each([
      "nothing",
      "single",
      "two",
      "outputs",
      "off",
      "useless",
      "lower",
      "negative",
      "dangling",
      "linked",
      "merged",
      "mergedOther",
      "plain",
      "clashLast",
      "propagated",
      "twice",
      "unpacked",
      "unpackedXz",
      "unpackedDot",
    ])("%s: the same", async (attribute) => {
      const { end, log, there, last } = await both(attribute)
      expect([end.case === "failed" ? end.value.message : end.case, there.ok ? "" : there.stderr]).toEqual(["done", ""])
      expect(await native.differences(last)).toEqual([])
      const warnings = [...there.stderr.matchAll(/^warning: (?!error|unable|you did not)(.*)$/gm)]
        .map(([, text]) => text!.replace(/\u001b\[[\d;]*m/g, ""))
        .sort()
      const ours = [...log.matchAll(/^warning: (.*)$/gm)].map(([, text]) => text!).sort()
      expect(ours).toEqual(warnings)
    })

    // Nix 2.8 says the first and the one of the empty archive in other words.
    test.each([
      ["equal", /conflict for the following files/, /have the same priority 5/],
      ["round", /round\/[ab]': Too many levels of symbolic links$/],
      ["within", /again': Too many levels of symbolic links$/],
      ["clashFirst", /collision between '\S*-a\/bin' and non-directory '\S*-clash\/bin'$/],
      ["clashFolder", /collision between non-directory '\S*-clash\/bin' and directory '\S*-user-environment\/bin'$/],
      ["clashMerged", /collision between non-directory '\S*-clash\/bin' and directory '\S*-user-environment\/bin'$/],
      ["several", /channel tarball '\S*-several.tar' contains more than one file$/],
      ["empty", /is empty$/, /contains more than one file/],
      ["noArchive", /Unrecognized archive format$/],
    ])("%s: it fails", async (attribute, ours, theirs = new RegExp(ours, "m")) => {
      const { end, there } = await both(attribute)
      expect([there.ok, there.stderr]).toEqual([false, expect.stringMatching(theirs)])
      expect(end).toMatchObject({ case: "failed", value: { reason: Reason.BUILDER, message: expect.stringMatching(ours) } })
    })
  })
