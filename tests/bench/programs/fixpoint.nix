# Fixpoints and overlays, as package sets use them.
let
  fix = f: let x = f x; in x;
  extends = overlay: f: final: let prev = f final; in prev // overlay final prev;
  base = final: builtins.listToAttrs (builtins.genList (i: {
    name = "p${toString i}";
    value = { version = i; deps = if i == 0 then [ ] else [ final."p${toString (i - 1)}" ]; };
  }) 400);
  overlay = k: final: prev: { "p${toString k}" = prev."p${toString k}" // { version = 1000 + k; }; "new${toString k}" = final.p0; };
  set = fix (builtins.foldl' (f: k: extends (overlay k) f) base (builtins.genList (k: k * 3) 100));
  weight = p: p.version + builtins.foldl' (a: d: a + weight d) 0 p.deps;
in builtins.foldl' (a: i: a + weight set."p${toString i}") 0 (builtins.genList (i: i) 400)
