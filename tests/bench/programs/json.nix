# JSON written and read back.
let
  value = builtins.genList (i: { id = i; name = "name ${toString i}"; tags = [ "a" "b\n\"c\"" ]; nested = { x = i * 1.5; y = null; z = true; }; }) 8000;
  text = builtins.toJSON value;
  back = builtins.fromJSON text;
in [ (builtins.stringLength text) (builtins.length back) (builtins.elemAt back 77).nested (back == value) ]
