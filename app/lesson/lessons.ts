// Twelve lessons about store paths and derivations: programs with prose, each a workspace of its own. The paths they name are those of
// real Nix; tests/app/lessons.test.ts evaluates every program and looks for them.

/** A program with something to read beside it. */
export interface Lesson {
  readonly id: string
  readonly title: string
  /** Paragraphs; text between backquotes is code. */
  readonly prose: readonly string[]
  readonly files: Readonly<Record<string, string>>
  /** Where `#1.` links have it: the view to begin with. */
  readonly view: string
  /** Hashes of store paths that the value has when it is printed. */
  readonly paths: readonly string[]
}

const helper = `# A derivation that runs a line of shell.
name: script: extra:
derivation (
  {
    inherit name;
    system = "x86_64-linux";
    builder = "/bin/sh";
    args = [ "-c" script ];
  }
  // extra
)
`

const mirrors = `# A file that is downloaded: whatever the mirror, these bytes are promised.
let
  sh = import ./sh.nix;
in
mirror:
sh "src.txt" "fetch https://\${mirror}.example/src.txt > $out" {
  outputHash = "f3f3c4763037e059b4d834eaf68595bbc02ba19f6d2a500dce06d124e2cd99bb";
  outputHashAlgo = "sha256";
  outputHashMode = "flat";
}
`

export const lessons: readonly Lesson[] = [
  {
    id: "store-path",
    title: "1. Anatomy of a store path",
    view: "explain",
    prose: [
      "A store path has three parts: the store's folder, a hash of 32 characters, and a name. Press Evaluate, then open *Explain* beside the value: it lists the steps from the text to the path.",
      "The hash is not simply that of the contents. What is hashed last is a short line, the fingerprint: `text:sha256:…:/nix/store:hello.txt`. The contents are in it only by their own hash, next to the store's folder and the name.",
      "Before you try it: what happens to the hash if only the name changes? Replace `hello.txt` by `hallo.txt` and look. The new path begins with `1qfni418`.",
    ],
    files: { "main.nix": `builtins.toFile "hello.txt" "hello world"\n` },
    paths: ["m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9"],
  },
  {
    id: "fold",
    title: "2. Folded, not cut; written backwards",
    view: "explain",
    prose: [
      "SHA-256 gives 32 bytes, a store path holds 20. Nix does not cut the rest off: it folds it. The bytes 20 to 31 are laid over the first twelve and combined with exclusive or.",
      "The 20 bytes are then written in an alphabet of 32 characters that leaves out `e`, `o`, `t` and `u`, and the last bits are written first.",
      "If you cut instead of folding, you get `m6wswa7yn6x5fhqqgwy5aa0ybwyqr2sz`: wrong, but the first twelve characters agree. They come from the eight bytes in the middle that nothing was laid over.",
    ],
    files: {
      "main.nix": `let
  path = builtins.toFile "hello.txt" "hello world";
  fingerprint = "text:sha256:\${builtins.hashString "sha256" "hello world"}:/nix/store:hello.txt";
in
{
  inherit path fingerprint;
  # All 32 bytes, before they are folded.
  digest = builtins.hashString "sha256" fingerprint;
}
`,
    },
    paths: ["m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9", "5f8b8c3d"],
  },
  {
    id: "references",
    title: "3. References count",
    view: "tree",
    prose: [
      "A file may mention other store paths. Nix knows it, because a string remembers which paths went into it: its context. The references are part of the fingerprint: `text:/nix/store/m6ws…-hello.txt:sha256:…`.",
      "`plain` has the same bytes, but its context was thrown away. Same contents, other path: what a file refers to is part of its identity.",
    ],
    files: {
      "main.nix": `let
  hello = builtins.toFile "hello.txt" "hello world";
  text = "see \${hello}";
in
{
  index = builtins.toFile "index.txt" text;
  plain = builtins.toFile "index.txt" (builtins.unsafeDiscardStringContext text);
}
`,
    },
    paths: ["irbwcj64dw79y79cdxr0w1vvbfyjs9xg", "gbpk9nqfr40wp2xpynk6vmrnf5xysc3h"],
  },
  {
    id: "nar",
    title: "4. Files: as an archive, or flat",
    view: "tree",
    prose: [
      "What you copy into the store is usually packed first: into a NAR, an archive that has names, contents and the executable bit, and nothing that differs between machines, as times and owners do. The hash of the NAR makes the path.",
      "`flat` takes the hash of the bytes alone. The path is another one although the file is the same: the way of hashing is part of the fingerprint.",
      "The file is in this workspace. Change one letter of it and evaluate again: both paths move.",
    ],
    files: {
      "main.nix": `{
  archive = builtins.path { path = ./myfile; name = "myfile"; };
  flat = builtins.path { path = ./myfile; name = "myfile"; recursive = false; };
}
`,
      myfile: "mycontent\n",
    },
    paths: ["xv2iccirbrvklck36f1g7vldn5v58vck", "0xzdpzx91242n4824bxxdmvaki3b2f8r"],
  },
  {
    id: "derivation",
    title: "5. A derivation, and the hole in it",
    view: "explain",
    prose: [
      "A derivation is a recipe: a builder, its arguments, its environment. Nix writes it to a file that ends in `.drv`, and computes where the output will be before anything is built.",
      "But the recipe contains the path of its own output, in `env.out`. How can a path be in what it is computed from? It cannot: for the hash the outputs are left empty. That is the hole. Afterwards the path is filled in, and the filled text makes the path of the `.drv`.",
      "So there are two hashes: one of the text with the hole, for the output; one of the filled text, for the recipe.",
    ],
    files: { "main.nix": `let\n  sh = import ./sh.nix;\nin\nsh "hello" "echo hello > $out" { }\n`, "sh.nix": helper },
    paths: ["fvchbymk0m4jvldpb9m5hy0bjy2lf30k", "r3f9l9f32qpzwmdgizjpbwn3ff2n6ny7"],
  },
  {
    id: "what-moves",
    title: "6. What moves a hash, and what does not",
    view: "tree",
    prose: [
      "A comment inside the script is part of the recipe: the builder sees it, so the path moves.",
      "Everything in `held` is true: these pairs have the same path, since the builder is told the same. Attributes have no order. In the environment `null` is the empty text, `true` is `1`, and a list is its elements with spaces between them.",
      "Guess before you try: does a comment in the Nix file itself move anything? Does a longer name for the variable `sh`?",
    ],
    files: {
      "main.nix": `let
  sh = import ./sh.nix;
  same = a: b: (sh "x" "exit" a).outPath == (sh "x" "exit" b).outPath;
in
{
  hello = (sh "hello" "echo hello > $out" { }).outPath;
  commented = (sh "hello" "# a comment\\necho hello > $out" { }).outPath;
  held = {
    order = same { a = 1; b = 2; } { b = 2; a = 1; };
    null-is-empty = same { x = null; } { x = ""; };
    true-is-1 = same { x = true; } { x = 1; };
    lists = same { x = [ "a" "b" ]; } { x = "a b"; };
  };
}
`,
      "sh.nix": helper,
    },
    paths: ["fvchbymk0m4jvldpb9m5hy0bjy2lf30k"],
  },
  {
    id: "fixed-output",
    title: "7. A promise by content",
    view: "tree",
    prose: [
      "A download may change from day to day, so Nix wants a promise: the hash of what will come. Such a derivation has a fixed output, and its path depends on the promised hash and the name alone.",
      "Two mirrors, two recipes, two `.drv` files; but one output path. If somebody has it already, nothing is fetched.",
      "And the trap: change the address and keep the old hash, and you keep getting the old file. No error tells you.",
    ],
    files: {
      "main.nix": `let
  src = import ./src.nix;
  a = src "mirror-a";
  b = src "mirror-b";
in
{
  drvs = [ a.drvPath b.drvPath ];
  outs = [ a.outPath b.outPath ];
}
`,
      "src.nix": mirrors,
      "sh.nix": helper,
    },
    paths: ["fgnz9rlf", "7i5qkrhs", "n9fgprgbg01v5zlkk07mmpday3104hiw"],
  },
  {
    id: "recursive-promise",
    title: "8. A promised archive is a source",
    view: "tree",
    prose: [
      "If the promise is the SHA-256 of an archive, the path is the very path that the file gets when it is copied into the store. Compare it with lesson 4: `xv2iccir…`.",
      "It does not matter how the bytes get there: by hand or by a build. With SHA-1 it is another path, made the long way through `fixed:out:r:sha1:…`.",
    ],
    files: {
      "main.nix": `let
  sh = import ./sh.nix;
  promise = algo: hash: (sh "myfile" "make it" {
    outputHash = hash;
    outputHashAlgo = algo;
    outputHashMode = "recursive";
  }).outPath;
  file = builtins.path { path = ./myfile; name = "myfile"; };
in
{
  inherit file;
  sha256 = promise "sha256" "2bfef67de873c54551d884fdab3055d84d573e654efa79db3c0d7b98883f9ee3";
  sha1 = promise "sha1" "f572d396fae9206628714fb2ce00f72e94f2258f";
}
`,
      "sh.nix": helper,
      myfile: "mycontent\n",
    },
    paths: ["xv2iccirbrvklck36f1g7vldn5v58vck", "zg68v4kzpaah65jawymzq0q62znicbpr"],
  },
  {
    id: "dependency",
    title: "9. A dependency becomes a hash",
    view: "explain",
    prose: [
      "`greeter` uses `hello`. In its recipe stands the path of `hello.drv`. Before hashing, that path is replaced by a hash that stands for the whole recipe of `hello`: so everything below enters the hash of what is above.",
      "In *Explain*, look for the step that replaces the inputs. The hash put in is that of `hello` without the hole: its own path is filled in there.",
    ],
    files: {
      "main.nix": `let
  sh = import ./sh.nix;
  hello = sh "hello" "echo hello > $out" { };
in
sh "greeter" "cat \${hello} > $out" { }
`,
      "sh.nix": helper,
    },
    paths: ["8ad9n3i6ix5vjrfaa19qb5kc4y0l9q4v", "3dv2375l"],
  },
  {
    id: "modulo",
    title: "10. Modulo: the mirror may change",
    view: "tree",
    prose: [
      "Would every package have to be rebuilt when a download moves to another server? No: for a dependency with a fixed output, what is put in is a hash of the promise, not of the recipe.",
      "`app` over one mirror or the other has two recipes and one output path. One says: paths are computed modulo fixed outputs.",
      "`both` uses the file from both mirrors, `twice` the same one two times: one path again, because both inputs become the same hash, and equal hashes count once.",
    ],
    files: {
      "main.nix": `let
  sh = import ./sh.nix;
  src = import ./src.nix;
  app = mirror: sh "app" "cp \${src mirror} $out" { };
  a = app "mirror-a";
  b = app "mirror-b";
  pair = one: two: sh "pair" "cat $one $two > $out" { inherit one two; };
in
{
  drvs = [ a.drvPath b.drvPath ];
  outs = [ a.outPath b.outPath ];
  same = a.outPath == b.outPath;
  both = (pair (src "mirror-a") (src "mirror-b")).outPath;
  twice = (pair (src "mirror-a") (src "mirror-a")).outPath;
}
`,
      "src.nix": mirrors,
      "sh.nix": helper,
    },
    paths: ["8khzs1r3", "kzigl4ls", "3i4j1z08i612787mrhklasj6q2f500sj"],
  },
  {
    id: "outputs",
    title: "11. Several outputs",
    view: "tree",
    prose: [
      "A recipe can have several outputs, for instance a program and what others need to compile against it. There is one hash of the recipe; the fingerprints differ by the output's name: `output:out:…` and `output:dev:…`, and the path of `dev` is named `zlib-dev`.",
      "Change the order in `outputs`: all paths move, since the list is in the environment. And `zlib.outPath` is now that of `dev`: the first output is the one you get if you name none.",
    ],
    files: {
      "main.nix": `let
  zlib = derivation {
    name = "zlib";
    system = "x86_64-linux";
    builder = "/bin/sh";
    args = [ "-c" "echo lib > $out; echo dev > $dev" ];
    outputs = [ "out" "dev" ];
  };
in
{
  out = zlib.out.outPath;
  dev = zlib.dev.outPath;
}
`,
    },
    paths: [],
  },
  {
    id: "context",
    title: "12. Strings carry dependencies",
    view: "tree",
    prose: [
      "Nowhere did we list that `greeter` needs `hello`. The string knew: interpolation put the derivation into its context, and the recipe takes its inputs from there.",
      "`builtins.getContext` shows what a string carries. Throw it away, and the text stays the same while the inputs are gone: the path is another one, and the build would fail in its sandbox, where `hello` does not exist.",
    ],
    files: {
      "main.nix": `let
  sh = import ./sh.nix;
  hello = sh "hello" "echo hello > $out" { };
  script = "cat \${hello} > $out";
in
{
  context = builtins.getContext script;
  with-context = (sh "greeter" script { }).outPath;
  without = (sh "greeter" (builtins.unsafeDiscardStringContext script) { }).outPath;
}
`,
      "sh.nix": helper,
    },
    paths: ["8ad9n3i6ix5vjrfaa19qb5kc4y0l9q4v", "yrw9h0qmk483drq49fwr4jxsczsq71a0"],
  },
]
