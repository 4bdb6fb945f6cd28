# Calls, lists and concatenation: the eight queens.
let
  range = n: builtins.genList (i: i) n;
  abs = x: if x < 0 then 0 - x else x;
  safe = q: rest: d: if rest == [ ] then true else let r = builtins.head rest; in
    r != q && abs (r - q) != d && safe q (builtins.tail rest) (d + 1);
  place = n: k: if k == 0 then [ [ ] ] else
    builtins.concatMap (rest: builtins.concatMap (q: if safe q rest 1 then [ ([ q ] ++ rest) ] else [ ]) (range n)) (place n (k - 1));
in builtins.length (place 8 8)
