// The twelve lessons about store paths: for each an expression, and the values that have to be among the steps of its explanation. They are
// those of real Nix.

/** What the expressions share. */
export const sh = `sh = name: script: extra: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; } // extra);`
const content = "f3f3c4763037e059b4d834eaf68595bbc02ba19f6d2a500dce06d124e2cd99bb"
const fixed = (mirror: string) =>
  `(sh "src.txt" "fetch https://${mirror}.example/src.txt > $out" { outputHash = "${content}"; outputHashAlgo = "sha256"; outputHashMode = "flat"; })`

/** An expression that makes paths, and values that have to be there: as results, or inside of the bytes. */
export interface LessonCase {
  readonly lesson: string
  readonly nix: string
  readonly values: readonly string[]
  readonly absent?: readonly string[]
}

/** The derivation that others use. */
export const hello = `(sh "hello" "echo hello > $out" { })`
export const lessonCases: readonly LessonCase[] = [
  {
    lesson: "1 and 2, anatomy and fold",
    nix: `builtins.toFile "hello.txt" "hello world"`,
    values: [
      "text:sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9:/nix/store:hello.txt",
      "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
      "5f8b8c3d",
      "49490769e514bbd00f6ecfc457bab1fe28aeb9a9",
      "m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9",
    ],
  },
  { lesson: "1, only the name", nix: `builtins.toFile "hallo.txt" "hello world"`, values: ["1qfni4186b5smsyysr1ihhbadppb2ysb"] },
  {
    lesson: "3, references",
    nix: `builtins.toFile "index.txt" "see \${builtins.toFile "hello.txt" "hello world"}"`,
    values: ["irbwcj64dw79y79cdxr0w1vvbfyjs9xg", "text:/nix/store/m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9-hello.txt:sha256:"],
  },
  {
    lesson: "3, context discarded",
    nix: `builtins.toFile "index.txt" (builtins.unsafeDiscardStringContext "see \${builtins.toFile "hello.txt" "hello world"}")`,
    values: ["gbpk9nqfr40wp2xpynk6vmrnf5xysc3h"],
  },
  {
    lesson: "4, archive",
    nix: `builtins.path { path = ./myfile; name = "myfile"; }`,
    values: ["xv2iccirbrvklck36f1g7vldn5v58vck", "source:sha256:2bfef67d", "nix-archive-1"],
  },
  {
    lesson: "4, flat",
    nix: `builtins.path { path = ./myfile; name = "myfile"; recursive = false; }`,
    values: ["0xzdpzx91242n4824bxxdmvaki3b2f8r", `fixed:out:sha256:${content}:`, "output:out:sha256:423e6fde"],
  },
  {
    lesson: "5, a first derivation",
    nix: hello,
    values: ["fvchbymk0m4jvldpb9m5hy0bjy2lf30k", "r3f9l9f32qpzwmdgizjpbwn3ff2n6ny7", "42fb7608"],
  },
  {
    lesson: "6, a comment in the script",
    nix: `(sh "hello" "echo hello > $out # a comment" { })`,
    values: ["djh11krn2fk2wss8498f4l41f9mxy9j2", "dcdwiw3hq1jhsjkb9kwphbf7jxmnkdya"],
  },
  {
    lesson: "7, mirror a",
    nix: fixed("mirror-a"),
    values: ["fgnz9rlf", "n9fgprgbg01v5zlkk07mmpday3104hiw", `fixed:out:sha256:${content}:`],
  },
  { lesson: "7, mirror b", nix: fixed("mirror-b"), values: ["7i5qkrhs", "n9fgprgbg01v5zlkk07mmpday3104hiw"] },
  {
    lesson: "8, recursive sha256",
    nix: `(sh "myfile" "x" { outputHash = "2bfef67de873c54551d884fdab3055d84d573e654efa79db3c0d7b98883f9ee3"; outputHashAlgo = "sha256"; outputHashMode = "recursive"; })`,
    values: ["source:sha256:2bfef67d", "xv2iccirbrvklck36f1g7vldn5v58vck"],
  },
  {
    lesson: "8, recursive sha1",
    nix: `(sh "myfile" "x" { outputHash = "f572d396fae9206628714fb2ce00f72e94f2258f"; outputHashAlgo = "sha1"; outputHashMode = "recursive"; })`,
    values: ["zg68v4kzpaah65jawymzq0q62znicbpr", "fixed:out:r:sha1:f572d396fae9206628714fb2ce00f72e94f2258f:"],
  },
  {
    lesson: "9, a dependency becomes a hash",
    nix: `(sh "greeter" "cat \${${hello}} > $out" { })`,
    values: ["8ad9n3i6ix5vjrfaa19qb5kc4y0l9q4v", "3dv2375l", "325ff400"],
    // The hash of hello with its outputs left out has no part in it.
    absent: ["42fb7608"],
  },
  {
    lesson: "10, via mirror a",
    nix: `(sh "app" "cp \${${fixed("mirror-a")}} $out" { })`,
    values: ["8khzs1r3", "3i4j1z08i612787mrhklasj6q2f500sj", "a8b5227b"],
  },
  {
    lesson: "10, via mirror b",
    nix: `(sh "app" "cp \${${fixed("mirror-b")}} $out" { })`,
    values: ["kzigl4ls", "3i4j1z08i612787mrhklasj6q2f500sj"],
  },
  {
    lesson: "10, both mirrors: equal hashes are one",
    nix: `(sh "both" "cat \${${fixed("mirror-a")}} \${${fixed("mirror-b")}} > $out" { })`,
    values: ["i0agqkdgm16plswmnmc2r4pq9rg2ravq"],
  },
  {
    lesson: "10, one mirror twice",
    nix: `(sh "both" "cat \${${fixed("mirror-a")}} \${${fixed("mirror-a")}} > $out" { })`,
    values: ["i0agqkdgm16plswmnmc2r4pq9rg2ravq"],
  },
  {
    lesson: "11, several outputs",
    nix: `derivation { name = "zlib"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo lib > $out; echo dev > $dev" ]; outputs = [ "out" "dev" ]; }`,
    values: [
      "7w2395s6fhygb6gggcmdpchf4vj19msg-zlib",
      "04sj2yqwbx3lsggh7053ig4hrrrmcw9k-zlib-dev",
      "output:out:sha256:",
      "output:dev:sha256:",
      ":/nix/store:zlib-dev",
    ],
  },
  {
    lesson: "11, the other order",
    nix: `derivation { name = "zlib"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo lib > $out; echo dev > $dev" ]; outputs = [ "dev" "out" ]; }`,
    values: ["n5wc5z0swf58i4ad58ah9acgb8k7h977-zlib", "csxda59q6bncidqdbjjqp4878gd9fvkn-zlib-dev"],
  },
  {
    lesson: "12, context discarded",
    nix: `(sh "greeter" (builtins.unsafeDiscardStringContext "cat \${${hello}} > $out") { })`,
    values: ["yrw9h0qmk483drq49fwr4jxsczsq71a0"],
    absent: ["hello.drv"],
  },
  {
    lesson: "bonus, structured attributes",
    nix: `derivation { name = "structured"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "exit 0" ]; __structuredAttrs = true; a = [ 1 true null { x = "y"; } ]; b = 2; }`,
    values: ["q2p8ay0np17192d0f9sz6i28m5c7bakk", "__json"],
  },
]
