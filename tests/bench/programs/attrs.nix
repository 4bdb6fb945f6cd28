# Attribute sets: building, updating, mapping, selecting.
let
  names = builtins.genList (i: "name${toString i}") 200;
  base = builtins.listToAttrs (map (n: { name = n; value = 1; }) names);
  step = set: i: set // { "name${toString (i - (i / 200) * 200)}" = i; extra = i; };
  final = builtins.foldl' step base (builtins.genList (i: i) 20000);
  record = i: { a = i; b = i + 1; c = { d = i; e = { f = i; }; }; };
  records = builtins.genList record 50000;
in {
  updated = final.extra + final.name7;
  selected = builtins.foldl' (acc: r: acc + r.a + r.c.e.f) 0 records;
  mapped = builtins.length (builtins.attrNames (builtins.mapAttrs (n: v: v + 1) final));
  merged = builtins.length (builtins.attrNames (builtins.foldl' (a: r: a // r) { } records));
  has = builtins.length (builtins.filter (r: r ? c.e.f) records);
}
