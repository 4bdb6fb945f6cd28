// Sets with the same names share a shape, and those made at the same place share where their attributes are defined: neither may be
// seen. What is expected was recorded from Nix 2.34.8.
import { expect, test } from "vitest"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { toJson } from "../../engine/eval/to-json.ts"
import { instantiate, runs } from "./instantiate.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

const program = `let
  mk = p: q: { a = 1; \${p} = 2; \${q} = 3; };
  rec' = p: q: rec { a = b; b = 1; \${p} = a; \${q} = b; };
  over = o: p: rec { a = 1; __overrides = o; \${p} = 2; };
  pos = s: builtins.mapAttrs (n: _: (pos': if pos' == null then null else "\${toString pos'.line}:\${toString pos'.column}") (builtins.unsafeGetAttrPos n s)) s;
  l1 = builtins.listToAttrs [ { name = "x"; value = 1; } ];
  l2 = builtins.listToAttrs [
    { name = "x"; value = 2; }
  ];
  b = { z = 1; x = 5; };
  c = { y = 1; };
in [
  (pos (mk "x" null)) (pos (mk null "x")) (pos (mk "x" "y")) (pos (mk "y" "x")) (pos (mk null "x")) (pos (mk "x" null))
  (pos (rec' "x" "y")) (pos (rec' "y" "x")) (pos (rec' "x" "y"))
  (pos (over { } "x")) (pos (over { a = 2; } "x")) (pos (over { } "x"))
  (pos (l1 // c)) (pos (l2 // c)) (pos (l1 // c)) (pos (c // l1)) (pos (c // l2)) (pos (b // l1)) (pos (b // l2)) (pos (l1 // b)) (pos (l2 // b))
  (pos (removeAttrs (l1 // c) [ "y" ])) (pos (removeAttrs (l2 // c) [ "y" ]))
]
`

test.each(runs)("each attribute of a set keeps its own place, whatever other sets were made alike (%s)", (run) => {
  const ev = new Evaluator(new MemoryHost({ "/p.nix": program }), { run })
  const value = ev.evaluate(bytes("import /p.nix"), { kind: "string" }, "/")
  const { text } = toJson(ev.rt, value, { strict: true, copy: false })
  expect(JSON.parse(text)).toEqual([
    { a: "2:16", x: "2:23" },
    { a: "2:16", x: "2:33" },
    { a: "2:16", x: "2:23", y: "2:33" },
    { a: "2:16", x: "2:33", y: "2:23" },
    { a: "2:16", x: "2:33" },
    { a: "2:16", x: "2:23" },
    { a: "3:22", b: "3:29", x: "3:36", y: "3:46" },
    { a: "3:22", b: "3:29", x: "3:46", y: "3:36" },
    { a: "3:22", b: "3:29", x: "3:36", y: "3:46" },
    { __overrides: "4:29", a: "4:22", x: "4:46" },
    { __overrides: "4:29", a: "15:37", x: "4:46" },
    { __overrides: "4:29", a: "4:22", x: "4:46" },
    { x: "6:45", y: "11:9" },
    { x: "8:19", y: "11:9" },
    { x: "6:45", y: "11:9" },
    { x: "6:45", y: "11:9" },
    { x: "8:19", y: "11:9" },
    { x: "6:45", z: "10:9" },
    { x: "8:19", z: "10:9" },
    { x: "10:16", z: "10:9" },
    { x: "10:16", z: "10:9" },
    { x: "6:45" },
    { x: "8:19" },
  ])
})

test.each(runs)("a set with an empty name is not taken for an empty one (%s)", (run) => {
  const nix =
    'let a = builtins.functionArgs ({ }: 1); in builtins.seq a [ a { ${""} = 1; } (builtins.listToAttrs [ { name = ""; value = 2; } ]) ]'
  expect(instantiate(nix, { settings: { run } })).toEqual({ out: '[ { } { "" = 1; } { "" = 2; } ]' })
})
