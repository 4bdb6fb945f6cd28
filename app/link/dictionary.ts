// The text that compressed links take for granted. A link names its version by its first character, so a dictionary is never changed:
// a better one is a new one. What stands last is found with the shortest references.

/** The dictionary of links of version 1. */
export const dictionary1 = `builtins.attrNames builtins.attrValues builtins.catAttrs builtins.compareVersions builtins.concatLists builtins.concatMap builtins.concatStringsSep ", " builtins.currentSystem builtins.elem builtins.elemAt builtins.fetchTarball builtins.fetchurl builtins.filter builtins.foldl' builtins.fromJSON builtins.functionArgs builtins.genList builtins.getAttr builtins.getContext builtins.groupBy builtins.hasAttr builtins.hashString "sha256" builtins.head builtins.intersectAttrs builtins.isAttrs builtins.isFunction builtins.isString builtins.length builtins.listToAttrs builtins.map builtins.mapAttrs builtins.match builtins.parseDrvName builtins.partition builtins.path { path = ./.; } builtins.placeholder builtins.readDir builtins.readFile builtins.removeAttrs builtins.replaceStrings [ "a" ] [ "b" ] builtins.seq builtins.deepSeq builtins.sort (a: b: a < b) builtins.split builtins.splitVersion builtins.stringLength builtins.substring 0 1 builtins.tail builtins.toFile "name" builtins.toJSON builtins.toString builtins.toXML builtins.trace builtins.tryEval builtins.typeOf builtins.unsafeDiscardStringContext builtins.zipAttrsWith
assert throw abort import <nixpkgs> { config = { }; overlays = [ ]; } with import pkgs.lib; lib.mkIf lib.mkOption { type = types.str; default = null; description = ""; }
stdenv.mkDerivation rec { pname = "hello"; version = "1.0"; src = fetchurl { url = "https://example.org/"; hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; }; nativeBuildInputs = [ ]; buildInputs = [ ]; buildPhase = '' ''; installPhase = ''
  mkdir -p $out/bin
''; meta = { license = lib.licenses.mit; platforms = lib.platforms.linux; }; }
outputHash = ""; outputHashAlgo = "sha256"; outputHashMode = "recursive"; outputs = [ "out" "dev" ]; __structuredAttrs = true; passAsFile = [ "text" ];
{ lib, stdenv, fetchurl, pkgs ? import <nixpkgs> { }, ... }:
rec { inherit (builtins) map filter; inherit name; x = 1; y = 2; a = { b = { c = 3; }; }; list = [ 1 2 3 ]; string = "text \${toString x}"; f = x: y: x + y; }
if x == null then true else false && || -> ! // ++ or
# ^?
# =>
let
  fix = f: let x = f x; in x;
  fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2);
in
derivation {
  name = "hello";
  system = "x86_64-linux";
  builder = "/bin/sh";
  args = [ "-c" "echo hello > $out" ];
}
`
