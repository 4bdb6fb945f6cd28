# Deep recursion, below Nix's call-depth limit, again and again.
let
  sum = n: if n == 0 then 0 else n + sum (n - 1);
  nest = n: if n == 0 then [ ] else [ (nest (n - 1)) ];
  depth = l: if l == [ ] then 0 else 1 + depth (builtins.head l);
in builtins.foldl' (a: i: a + sum 4000 + depth (nest 2000)) 0 (builtins.genList (i: i) 20)
