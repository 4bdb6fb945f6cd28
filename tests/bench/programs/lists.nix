# Folds, maps, filters, elem, groups over 200,000 elements.
let
  xs = builtins.genList (i: i) 200000;
  ys = map (x: x * 2 + 1) xs;
  zs = builtins.filter (y: y - (y / 3) * 3 == 0) ys;
  groups = builtins.groupBy (z: toString (z - (z / 10) * 10)) zs;
in {
  sum = builtins.foldl' (a: b: a + b) 0 zs;
  sizes = builtins.mapAttrs (_: builtins.length) groups;
  all = builtins.all (z: z > 0) zs;
  any = builtins.any (z: z == 399999) ys;
  part = builtins.length (builtins.partition (x: x < 1000) xs).right;
}
