// Parsing for `npm run bench`: a generated file of 1 MB, or all .nix files of a folder. The parser alone is bundled and run in
// processes of its own: the first pass over the texts is what a fresh process reaches, the later ones what a warm engine does.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"

const root = fileURLToPath(new URL("../../", import.meta.url))

/**
 * Nix code like that of a package set: functions, sets, strings with interpolation, lists, comments. Always the same.
 * @param {number} bytes at least so many
 * @returns {string}
 */
export function generatedFile(bytes) {
  const parts = [
    "{ lib, stdenv, fetchurl, callPackage, python3Packages, ... }@args:\nlet\n  inherit (lib) optional optionals concatMapStrings;\nin\n{\n",
  ]
  let length = parts[0]?.length ?? 0
  for (let i = 0; length < bytes; i++) {
    const part = `
  # Package ${i}: what a generated file has instead of a description.
  package-${i} = callPackage ({ enableTests ? ${i % 2 === 0}, extra${i} ? [ ] }: stdenv.mkDerivation (finalAttrs: {
    pname = "package-${i}";
    version = "${i % 10}.${i % 7}.${i % 3}";
    src = fetchurl {
      url = "mirror://example/\${finalAttrs.pname}-\${finalAttrs.version}.tar.gz";
      hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA${String(i).padStart(4, "0")}";
    };
    patches = [ ./fix-${i}.patch ../common/build.patch ] ++ optional stdenv.isLinux ./linux.patch;
    buildInputs = [ args.zlib (args.openssl.override { static = true; }) ] ++ optionals enableTests (with python3Packages; [ pytest hypothesis ]);
    configureFlags = [ "--prefix=\${placeholder "out"}" "--jobs=${i % 16}" ] ++ map (flag: "--with-\${flag}") extra${i};
    postInstall = ''
      mkdir -p $out/share/doc
      for file in *.md; do
        install -m 644 "$file" ''\${out}/share/doc/
      done
      \${concatMapStrings (name: "ln -s \${name} $out/bin/\${name}-${i}\\n") [ "a" "b" ]}
    '';
    meta = {
      description = "Package number ${i}";
      license = lib.licenses.mit;
      platforms = lib.platforms.linux;
      broken = stdenv.hostPlatform.isDarwin && ${i % 5} > 3 || !(args ? zlib) -> false;
      priority = if enableTests then ${i} + 1 else -${i} * 2.5;
    };
  })) { };
`
    parts.push(part)
    length += part.length
  }
  parts.push("}\n")
  return parts.join("")
}

/**
 * All .nix files below a folder, sorted.
 * @param {string} folder
 * @returns {string[]}
 */
export function nixFiles(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".nix"))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort()
}

/**
 * Measures the parser over files, alternating with native Nix if it is given.
 * @param {string[]} files
 * @param {{ rounds: number, native: string | null }} options
 * @returns {Promise<{ bytes: number, failed: number, fresh: number[], warm: number[], native: number[] }>} times in ms over all files
 */
export async function measureParsing(files, { rounds, native }) {
  const folder = mkdtempSync(join(tmpdir(), "bench-parse-"))
  try {
    await build({
      root,
      configFile: false,
      logLevel: "error",
      build: {
        ssr: "tests/bench/parse-process.ts",
        outDir: folder,
        emptyOutDir: false,
        target: "node20",
        minify: false,
        rolldownOptions: { output: { entryFileNames: "parse.mjs", codeSplitting: false } },
      },
      ssr: { noExternal: true, target: "node" },
    })
    const list = join(folder, "files.json")
    writeFileSync(list, JSON.stringify(files))
    /** @type {{ bytes: number, failed: number, fresh: number[], warm: number[], native: number[] }} */
    const result = { bytes: 0, failed: 0, fresh: [], warm: [], native: [] }
    for (let i = 0; i < rounds; i++) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "parse.mjs"), list], { encoding: "utf8" })
      if (status !== 0) throw new Error(`parsing failed\n${stderr}`)
      const ran = JSON.parse(stdout)
      result.bytes = ran.bytes
      result.failed = ran.failed
      result.fresh.push(ran.passes[0])
      result.warm.push(Math.min(...ran.passes.slice(1)))
      if (native === null) continue
      const start = performance.now()
      // Files that do not parse end a native run, so its status does not matter; it prints what it has parsed.
      spawnSync(native, ["--parse", ...files], { stdio: "ignore" })
      result.native.push(performance.now() - start)
    }
    return result
  } finally {
    rmSync(folder, { recursive: true })
  }
}
