# Sorting 100,000 pseudo-random numbers, by the builtin comparison and by a lambda.
let
  next = x: let y = x * 1103515245 + 12345; in y - (y / 2147483648) * 2147483648;
  go = n: x: acc: if n == 0 then acc else builtins.seq x (go (n - 1) (next x) (acc ++ [ x ]));
  chunk = seed: go 500 seed [ ];
  xs = builtins.concatMap chunk (builtins.genList (i: i * 7919 + 1) 200);
  s = builtins.sort builtins.lessThan xs;
  t = builtins.sort (a: b: a > b) xs;
in [ (builtins.head s) (builtins.head t) (builtins.length s) ]
