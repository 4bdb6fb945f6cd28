# Thunks that are made and mostly never forced.
let
  mk = i: { wanted = i; costly = builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 1000); inner = { x = throw "never"; y = i * 2; }; };
  xs = builtins.genList mk 60000;
  tree = depth: if depth == 0 then { leaf = 1; } else { left = tree (depth - 1); right = tree (depth - 1); leaf = 0; };
  leftmost = t: if t ? left then leftmost t.left else t.leaf;
in builtins.foldl' (a: x: a + x.wanted + x.inner.y) 0 xs + leftmost (tree 2000)
