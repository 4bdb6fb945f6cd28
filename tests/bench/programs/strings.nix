# Strings: interpolation, concatenation, splitting, replacing.
let
  range = builtins.genList (i: i) 30000;
  parts = map (i: "item-${toString i}-${if i - (i / 2) * 2 == 0 then "even" else "odd"}") range;
  text = builtins.concatStringsSep ":" parts;
  replaced = builtins.replaceStrings [ "even" "odd" "item" ] [ "E" "O" "i" ] text;
  chars = builtins.genList (i: builtins.substring i 1 replaced) 50000;
in {
  length = builtins.stringLength text;
  replaced = builtins.stringLength replaced;
  dashes = builtins.length (builtins.filter (c: c == "-") chars);
  joined = builtins.stringLength (builtins.foldl' (a: b: a + b) "" chars);
}
