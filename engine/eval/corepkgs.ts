// `<nix/fetchurl.nix>`: Nix code that comes with the evaluator. It decides the derivations of whoever
// downloads with it, so attributes and defaults are exactly C++ Nix's (libexpr/fetchurl.nix).

/** Directory that stands for the built-in files; nothing on the host is below it. */
export const corepkgsDir = "/__corepkgs__"

const fetchurl = `# Downloads a file with the built-in builder "builtin:fetchurl".
{
  url,
  name ? baseNameOf (toString url),
  hash ? "",
  # The older ways to give the hash; the first that is not empty counts.
  sha512 ? "",
  sha1 ? "",
  md5 ? "",
  sha256 ? "",
  outputHash ?
    if hash != "" then hash
    else if sha512 != "" then sha512
    else if sha1 != "" then sha1
    else if md5 != "" then md5
    else sha256,
  outputHashAlgo ?
    if hash != "" then ""
    else if sha512 != "" then "sha512"
    else if sha1 != "" then "sha1"
    else if md5 != "" then "md5"
    else "sha256",
  executable ? false,
  unpack ? false,
  impure ? false,
  system ? "", # has no effect
}:
let
  expected = if impure then { __impure = true; } else { inherit outputHash outputHashAlgo; };
  mode = if executable || unpack then "recursive" else "flat";
in
derivation ({
  inherit name url executable unpack;
  urls = [ url ];
  builder = "builtin:fetchurl";
  system = "builtin";
  outputHashMode = mode;
  preferLocalBuild = true;
  # Without effect on this builder, but part of the derivation.
  impureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
} // expected)
`

/** The built-in files by path. */
export const corepkgs: ReadonlyMap<string, string> = new Map([[`${corepkgsDir}/fetchurl.nix`, fetchurl]])
