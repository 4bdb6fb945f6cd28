// What a new visitor finds.

/** A program with a bit of everything. */
export const firstText = `let
  language = "Nix";
  fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2);
in
{
  inherit language;
  answer = 42;
  greeting = "Hello, \${language}!";
  numbers = map fib [ 5 10 20 ];
  unforced = throw "nobody has looked at me yet";
}
`
