// Hashes of strings and files, their notations, and output placeholders.

import { type HashAlgo, parseHashAlgo } from "../../formats/hash/algo.ts"
import { hexDigest } from "../../formats/hash/digest.ts"
import { convertHash as convert, parseHashFormat } from "../../formats/hash/hash.ts"
import { outputPlaceholder } from "../../formats/store-path/placeholder.ts"
import { readFileAt } from "../access.ts"
import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { stepRealisePath } from "../files.ts"
import { reading } from "../format-fault.ts"
import type { Runtime } from "../runtime.ts"
import { requiredAttr, stepKind } from "../step-kind.ts"

function algoOf(rt: Runtime, name: string): HashAlgo {
  return reading(() => parseHashAlgo(name, rt.settings.features))
}

const hashString = builtin({
  name: "hashString",
  args: [
    ["type", "plain"],
    ["s", "lazy"],
  ],
  doc: 'Returns the hash of the string `s` in base 16. `type` is `"md5"`, `"sha1"`, `"sha256"` or `"sha512"`. The context of `s` is dropped.',
  see: "primops.cc prim_hashString",
  examples: [
    { nix: 'builtins.hashString "md5" ""', gives: '"d41d8cd98f00b204e9800998ecf8427e"' },
    {
      nix: 'builtins.hashString "sha256" "abc"',
      gives: '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"',
    },
    { nix: 'builtins.hashString "crc" ""', fails: "unknown hash algorithm 'crc', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'" },
  ],
  *step(rt, type, s) {
    const algo = algoOf(rt, type)
    const t = (yield stepKind(rt, s, "string", 0, "while evaluating the second argument passed to builtins.hashString")) as Text
    return hexDigest(algo, t.text)
  },
})

const hashFile = builtin({
  name: "hashFile",
  args: [
    ["type", "plain"],
    ["p", "lazy"],
  ],
  doc: 'Returns the hash of the file at path `p` in base 16. `type` is `"md5"`, `"sha1"`, `"sha256"` or `"sha512"`.',
  see: "primops.cc prim_hashFile",
  examples: [{ nix: 'builtins.hashFile "md5" /does/not/exist', fails: "path '/does/not/exist' does not exist" }],
  impure: true,
  *step(rt, type, p) {
    const algo = algoOf(rt, type)
    const path = (yield stepRealisePath(rt, p, "full")) as string
    return hexDigest(algo, readFileAt(rt, path))
  },
})

const convertHash = builtin({
  name: "convertHash",
  args: [["args", "attrs", "while evaluating the first argument passed to builtins.convertHash"]],
  doc: `Writes a hash in another notation. \`args\` is a set of

- \`hash\`: in base 16, nix32, base 64, or as SRI (\`sha256-…\`) or \`sha256:…\`;
- \`hashAlgo\`: needed if the hash does not name its algorithm;
- \`toHashFormat\`: \`"base16"\`, \`"nix32"\`, \`"base64"\` or \`"sri"\` (\`"base32"\` is the old name of \`"nix32"\`).`,
  see: "primops.cc prim_convertHash",
  examples: [
    {
      nix: 'builtins.convertHash { hash = "d41d8cd98f00b204e9800998ecf8427e"; hashAlgo = "md5"; toHashFormat = "sri"; }',
      gives: '"md5-1B2M2Y8AsgTpgAmY7PhCfg=="',
    },
    {
      nix: 'builtins.convertHash { hash = "md5-1B2M2Y8AsgTpgAmY7PhCfg=="; toHashFormat = "base16"; }',
      gives: '"d41d8cd98f00b204e9800998ecf8427e"',
    },
    { nix: 'builtins.convertHash { toHashFormat = "sri"; }', fails: "attribute 'hash' missing" },
  ],
  *step(rt, set) {
    const hashCell = requiredAttr(set, "hash", "while locating the attribute 'hash'")
    const hash = (yield stepKind(rt, hashCell, "plain", 0, "while evaluating the attribute 'hash'")) as string
    const algoCell = set.get("hashAlgo")
    const algo =
      algoCell === undefined
        ? undefined
        : algoOf(rt, (yield stepKind(rt, algoCell, "plain", 0, "while evaluating the attribute 'hashAlgo'")) as string)
    const formatCell = requiredAttr(set, "toHashFormat", "while locating the attribute 'toHashFormat'")
    const format = (yield stepKind(rt, formatCell, "plain", 0, "while evaluating the attribute 'toHashFormat'")) as string
    return reading(() => {
      const to = parseHashFormat(format, (message) => rt.host.log(`warning: ${message}`))
      return convert(hash, algo, to, rt.settings.features)
    })
  },
})

const placeholder = builtin({
  name: "placeholder",
  global: true,
  args: [["output", "plain", "while evaluating the first argument passed to builtins.placeholder"]],
  doc: "Returns the text that stands for the path of this output in the attributes of its own derivation; when it is built, the path is put in its place.",
  see: "primops.cc prim_placeholder, libstore/derivations.cc hashPlaceholder",
  examples: [{ nix: 'placeholder "out"', gives: '"/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9"' }],
  run: (_rt, output) => outputPlaceholder(output),
})

export const hash: readonly PrimOp[] = [hashString, hashFile, convertHash, placeholder]
