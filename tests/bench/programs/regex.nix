# Regular expressions: matching versions and splitting text.
let
  lines = builtins.genList (i: "package-${toString i}-1.${toString (i - (i / 17) * 17)}.3-rc${toString i}.tar.gz") 6000;
  parse = l: builtins.match "([a-z]+)-([0-9]+)-([0-9]+(\\.[0-9]+)*)(-rc[0-9]+)?\\.tar\\.(gz|bz2|xz)" l;
  words = builtins.filter builtins.isString (builtins.split "[^a-z0-9]+" (builtins.concatStringsSep " " lines));
in [ (builtins.elemAt (parse (builtins.elemAt lines 5999)) 2) (builtins.length (builtins.filter (m: m != null) (map parse lines))) (builtins.length words) ]
