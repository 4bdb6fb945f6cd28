# Arithmetic and lists: primes below 30,000 by trial division.
let
  range = from: to: builtins.genList (i: from + i) (to - from + 1);
  isPrime = n: let go = d: if d * d > n then true else if n - (n / d) * d == 0 then false else go (d + 1); in go 2;
in builtins.length (builtins.filter isPrime (range 2 30000))
