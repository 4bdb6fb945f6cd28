// What the tests fetch: expressions in which BASE stands for the address of the server.

import { archives } from "./archives.ts"
import { old } from "./forge.ts"

/** A group of expressions, and the flags that Nix needs for them. */
export interface Group {
  readonly name: string
  readonly exprs: readonly string[]
  /** Options for both, `--option NAME VALUE`. */
  readonly options?: readonly (readonly [string, string])[]
}

const wrong32 = "0000000000000000000000000000000000000000000000000000"
const wrongSri = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
const hello32 = "0aji1bpy5lp4jfgcv8iw1mgzzh2vpigqcgqrsmnbzkwvrlxxqrpr"

/** A tree as fetchTree gives it, without its position. */
const tree = (attrs: string): string => `builtins.fetchTree ${attrs}`
const tarball = (path: string, more = ""): string => tree(`{ type = "tarball"; url = "BASE/${path}"; ${more}}`)

export const groups: readonly Group[] = [
  { name: "archives", exprs: [...archives().keys()].map((name) => tarball(name)) },
  {
    name: "fetchurl",
    exprs: [
      'builtins.fetchurl "BASE/hello.txt"',
      'builtins.readFile (builtins.fetchurl "BASE/hello.txt")',
      'builtins.fetchurl "BASE/hello.txt?a=b"',
      'builtins.fetchurl { url = "BASE/hello.txt"; name = "other"; }',
      'builtins.fetchurl { url = "BASE/hello.txt?x=1"; name = "hello"; }',
      `builtins.fetchurl { url = "BASE/hello.txt"; sha256 = "${wrong32}"; }`,
      `builtins.fetchurl { url = "BASE/hello.txt"; sha256 = "${wrongSri}"; }`,
      `builtins.fetchurl { url = "BASE/hello.txt"; sha256 = "${hello32}"; }`,
      'builtins.fetchurl { url = "BASE/hello.txt"; sha256 = ""; }',
      'builtins.fetchurl "BASE/nothing.tar"',
      'builtins.fetchurl "BASE/status/404/x"',
      'builtins.fetchurl "BASE/status/403/x"',
      'builtins.fetchurl "BASE/status/500/x"',
      'builtins.fetchurl "BASE/redirect/1/hello.txt"',
      'builtins.fetchurl "BASE/redirect/10/hello.txt"',
      'builtins.fetchurl "BASE/redirect/11/hello.txt"',
      'builtins.fetchurl "BASE/redirect-nowhere/hello.txt"',
      'builtins.fetchurl "BASE/redirect-file/hello.txt"',
      'builtins.fetchurl "BASE/loop"',
      'builtins.fetchurl "BASE/short/plain.tar"',
      'builtins.fetchurl "BASE/drop/x"',
      'builtins.fetchurl "BASE/encoded/hello.txt"',
      'builtins.fetchurl "http://127.0.0.1:2/x"',
      'builtins.fetchurl "BASE/dir/"',
      'builtins.fetchurl "nonsense"',
      'builtins.fetchurl "gopher://example.com/x"',
      'builtins.fetchurl "file:///dev/null"',
      'builtins.fetchurl "file:///nowhere/at/all"',
      'builtins.fetchurl "file:///usr"',
      'builtins.fetchurl "BASE/hello world.txt"',
      'builtins.fetchurl "BASE/a%20b.txt"',
      'builtins.fetchurl { url = "BASE/hello.txt"; hash = "x"; }',
      "builtins.fetchurl ./x",
    ],
  },
  {
    name: "fetchTarball",
    exprs: [
      'fetchTarball "BASE/plain.tar.gz"',
      'import (fetchTarball "BASE/plain.tar.gz")',
      'builtins.readDir (fetchTarball "BASE/plain.tar.gz")',
      'fetchTarball { url = "BASE/plain.tar.gz"; name = "other"; }',
      `fetchTarball { url = "BASE/plain.tar.gz"; sha256 = "${wrong32}"; }`,
      `fetchTarball { url = "BASE/plain.tar.gz"; sha256 = "${wrongSri}"; name = "n"; }`,
      'fetchTarball "BASE/redirect/3/plain.tar.gz"',
      'fetchTarball "BASE/loop"',
      'fetchTarball "BASE/status/404/x.tar"',
      'fetchTarball "BASE/status/500/x.tar"',
      'fetchTarball "BASE/short/plain.tar"',
      'fetchTarball "BASE/encoded/plain.tar"',
      'fetchTarball "BASE/immutable/plain/plain.tar.gz"',
      'fetchTarball "BASE/immutable/attrs/plain.tar.gz"',
      'fetchTarball "http://127.0.0.1:2/x.tar"',
      'fetchTarball "file:///nowhere/at/all.tar"',
      'fetchTarball "file:///usr"',
      'fetchTarball { url = "BASE/plain.tar.gz"; hash = "x"; }',
      "fetchTarball ./x",
    ],
  },
  {
    name: "fetchTree",
    exprs: [
      tarball("plain.tar.gz"),
      tarball("plain.tar.gz", "lastModified = 7; "),
      tarball("plain.tar.gz", `rev = "${old}"; revCount = 12; `),
      tarball("plain.tar.gz", `narHash = "${wrongSri}"; `),
      tarball("plain.tar.gz?x=y"),
      tree('"BASE/plain.tar.gz"'),
      tree('"tarball+BASE/noext"'),
      tree(`"BASE/plain.tar.gz?rev=${old}&revCount=3&lastModified=99&other=1"`),
      tree('"BASE/hello.txt"'),
      tree('"file+BASE/hello.txt"'),
      tree('{ type = "file"; url = "BASE/hello.txt"; }'),
      tree(`{ type = "file"; url = "BASE/hello.txt"; narHash = "${wrongSri}"; }`),
      tree('{ type = "file"; url = "BASE/status/404/x"; }'),
      tree('{ type = "file"; url = "file:///dev/null"; }'),
      tarball("redirect/3/plain.tar.gz"),
      tarball("immutable/plain/plain.tar"),
      tarball("immutable/attrs/plain.tar"),
      tarball("immutable/attrs/plain.tar", `rev = "${old}"; `),
      tarball("immutable/wrong-hash/plain.tar"),
      tarball("immutable/file/plain.tar"),
      tarball("immutable/forge/plain.tar"),
      tarball("immutable/nonsense/plain.tar"),
      tarball("status/404/x"),
      tarball("loop"),
      tree('{ type = "path"; path = "relative"; }'),
      tree('{ type = "path"; path = "/nowhere/at/all"; }'),
      tree('{ type = "unknown"; }'),
      tree('{ type = "tarball"; url = "nonsense"; }'),
    ],
  },
  {
    name: "pure",
    options: [["pure-eval", "true"]],
    exprs: [
      'builtins.fetchurl "BASE/hello.txt"',
      'fetchTarball "BASE/plain.tar.gz"',
      tarball("plain.tar.gz"),
      tarball("plain.tar.gz", `narHash = "${wrongSri}"; `),
      tree('{ type = "github"; owner = "owner"; repo = "repo"; }'),
    ],
  },
  {
    name: "restricted",
    options: [
      ["restrict-eval", "true"],
      ["allowed-uris", "http://allowed.example/ github: BASE/dir"],
    ],
    exprs: [
      'builtins.fetchurl "BASE/hello.txt"',
      'builtins.fetchurl "BASE/dir/hello.txt"',
      'builtins.fetchurl "BASE/directory/hello.txt"',
      'fetchTarball "BASE/plain.tar.gz"',
      'fetchTarball "file:///etc/hostname"',
      tarball("plain.tar.gz"),
      tarball("dir/plain.tar.gz"),
      'builtins.fetchurl "/etc/hostname"',
    ],
  },
]

const forge = (type: string, repo: string, more = ""): string => tree(`{ type = "${type}"; owner = "owner"; repo = "${repo}"; ${more}}`)

/** What is asked of the hosting services. */
export const forgeGroup: Group = {
  name: "forges",
  options: [["access-tokens", "github.com=gh-secret gitlab.com=OAuth2:gl-secret git.example.org=PAT:gl-pat"]],
  exprs: ["github", "gitlab", "sourcehut"]
    .flatMap((type) => [
      forge(type, "repo"),
      forge(type, "repo", 'ref = "main"; '),
      forge(type, "repo", 'ref = "feature/deep"; '),
      forge(type, "repo", 'ref = "v1.0"; '),
      forge(type, "repo", 'ref = "gone"; '),
      forge(type, "repo", `rev = "${old}"; `),
      forge(type, "repo", `rev = "${old}"; narHash = "${wrongSri}"; `),
      forge(type, "repo", 'host = "git.example.org"; '),
      forge(type, "repo", `host = "git.example.org"; rev = "${old}"; `),
      forge(type, "missing"),
      forge(type, "limited"),
      forge(type, "private"),
      tree(`"${type}:owner/repo"`),
      tree(`"${type}:owner/repo/main"`),
      tree(`"${type}:owner/repo/${old}"`),
    ])
    .concat([forge("gitlab", "odd"), forge("gitlab", "private", 'host = "git.example.org"; '), forge("sourcehut", "detached")]),
}
