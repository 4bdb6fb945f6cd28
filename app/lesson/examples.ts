// A dozen programs that show the language, for the gallery.

export interface Example {
  readonly id: string
  readonly title: string
  readonly about: string
  readonly files: Readonly<Record<string, string>>
}

export const examples: readonly Example[] = [
  {
    id: "lazy",
    title: "Nothing runs before it is needed",
    about: "An endless list, and an error that nobody meets.",
    files: {
      "main.nix": `let
  from = n: { head = n; tail = from (n + 1); };
  take = n: xs: if n == 0 then [ ] else [ xs.head ] ++ take (n - 1) xs.tail;
in
{
  ten = take 10 (from 1);
  # Open it in the tree: only then it fails.
  never = throw "you asked for it";
}
`,
    },
  },
  {
    id: "sets",
    title: "Attribute sets",
    about: "Nesting, merging, defaults, selection by name.",
    files: {
      "main.nix": `let
  defaults = { server = { port = 80; host = "localhost"; }; debug = false; };
  mine = defaults // { server = defaults.server // { port = 8080; }; };
  field = "port";
in
{
  inherit mine;
  port = mine.server.\${field};
  missing = mine.server.path or "/";
  known = mine ? server.host;
  names = builtins.attrNames mine;
}
`,
    },
  },
  {
    id: "functions",
    title: "Functions and their arguments",
    about: "Currying, sets as arguments, defaults, functors.",
    files: {
      "main.nix": `let
  add = a: b: a + b;
  greet = { name, greeting ? "Hello", ... }@args: "\${greeting}, \${name}! (\${toString (builtins.length (builtins.attrNames args))} arguments)";
  counter = { start = 10; __functor = self: n: self.start + n; };
in
{
  increment = map (add 1) [ 1 2 3 ];
  plain = greet { name = "Ada"; };
  more = greet { name = "Bob"; greeting = "Hi"; mood = "good"; };
  formals = builtins.functionArgs greet;
  functor = counter 5;
}
`,
    },
  },
  {
    id: "strings",
    title: "Strings",
    about: "Interpolation, indented strings, regular expressions.",
    files: {
      "main.nix": `let
  version = "2.34.8";
  parts = builtins.match "([0-9]+)\\\\.([0-9]+)\\\\.([0-9]+)" version;
in
{
  major = builtins.head parts;
  script = ''
    #!/bin/sh
      echo "version \${version}"
    exit 0
  '';
  words = builtins.filter builtins.isString (builtins.split " +" "the  quick brown   fox");
  replaced = builtins.replaceStrings [ "o" "a" ] [ "0" "4" ] "foo bar";
}
`,
    },
  },
  {
    id: "recursion",
    title: "Recursion without loops",
    about: "Fibonacci, a fold, primes.",
    files: {
      "main.nix": `let
  inherit (builtins) foldl' genList filter all;
  fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2);
  range = a: b: genList (i: a + i) (b - a + 1);
  rem = a: b: a - b * (a / b);
  isPrime = n: n > 1 && all (d: rem n d != 0) (filter (d: d * d <= n) (range 2 n));
in
{
  fibs = map fib (range 0 15);
  sum = foldl' (a: b: a + b) 0 (range 1 1000);
  primes = filter isPrime (range 2 60);
}
`,
    },
  },
  {
    id: "fix",
    title: "Fixed points and overlays",
    about: "How package sets let you change one part for all others.",
    files: {
      "main.nix": `let
  fix = f: let self = f self; in self;
  extend = base: overlay: self: let super = base self; in super // overlay self super;
  base = self: { name = "app"; version = "1.0"; full = "\${self.name}-\${self.version}"; };
in
{
  before = fix base;
  # \`full\` sees the new version, although nobody told it.
  after = fix (extend base (self: super: { version = "2.0"; name = super.name + "-patched"; }));
}
`,
    },
  },
  {
    id: "files",
    title: "Several files",
    about: "import, readFile, and a folder of modules.",
    files: {
      "main.nix": `let
  lib = import ./lib;
  people = builtins.fromJSON (builtins.readFile ./people.json);
in
{
  greetings = map lib.greet people;
  files = builtins.readDir ./.;
}
`,
      "lib/default.nix": `{\n  greet = import ./greet.nix;\n}\n`,
      "lib/greet.nix": `{ name, born }:\n"\${name} was born in \${toString born}."\n`,
      "people.json": `[\n  { "name": "Ada", "born": 1815 },\n  { "name": "Grace", "born": 1906 }\n]\n`,
    },
  },
  {
    id: "errors",
    title: "Errors, and how to read them",
    about: "A trace, an assertion, and what can be caught.",
    files: {
      "main.nix": `let
  positive = n: assert n > 0; n;
  half = n: if builtins.isInt n then n / 2 else throw "not a number: \${builtins.toJSON n}";
in
{
  fine = half (positive 10);
  caught = builtins.tryEval (half "ten");
  # Open these: each keeps its own error, and the rest stays.
  assertion = positive (-1);
  thrown = half [ 1 2 ];
  traced = builtins.addErrorContext "while computing something important" (half null);
}
`,
    },
  },
  {
    id: "derivation",
    title: "A derivation",
    about: "The recipe behind every package; open it to see its paths.",
    files: {
      "main.nix": `derivation {
  name = "hello";
  system = "x86_64-linux";
  builder = "/bin/sh";
  args = [ "-c" "echo hello > $out" ];
}
`,
    },
  },
  {
    id: "graph",
    title: "Derivations that use each other",
    about: "A small diamond: look at its graph.",
    files: {
      "main.nix": `let
  make = name: uses: derivation {
    inherit name;
    system = "x86_64-linux";
    builder = "/bin/sh";
    args = [ "-c" "cat \${toString uses} > $out" ];
  };
  base = make "base" [ ];
  left = make "left" [ base ];
  right = make "right" [ base ];
in
make "top" [ left right ]
`,
    },
  },
  {
    id: "data",
    title: "Data in and out",
    about: "JSON, TOML, XML.",
    files: {
      "main.nix": `let
  config = builtins.fromTOML ''
    title = "example"
    [owner]
    name = "Ada"
    ports = [ 8000, 8001 ]
  '';
in
{
  inherit config;
  json = builtins.toJSON config;
  back = builtins.fromJSON "{\\"a\\": [1, 2.5, null, true]}";
  xml = builtins.toXML config.owner;
}
`,
    },
  },
  {
    id: "answers",
    title: "Answers in the text",
    about: "Comments that ask for a value, and comments that claim one.",
    files: {
      "main.nix": `let
  square = n: n * n;
  numbers = map square [ 1 2 3 ];
  #   ^?
in
# => 14
builtins.foldl' (a: b: a + b) 0 numbers
`,
    },
  },
]
