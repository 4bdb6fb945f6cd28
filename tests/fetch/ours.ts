// Where we differ from Nix 2.34 on purpose: by expression, what we give, under the reason why.

interface Ours {
  readonly out?: string
  readonly error?: string
}

const reasons: Readonly<Record<string, Readonly<Record<string, Ours>>>> = {
  "2.36 overwrites as unpacking does, in the order of the archive; 2.34 does it in threads, and crashes or gives now this, now that": {
    'builtins.fetchTree { type = "tarball"; url = "BASE/link-then-file.tar"; }': {
      out: '{ lastModified = 1600000000; lastModifiedDate = "20200913122640"; narHash = "sha256-Rh2OmxfrB0Yz8kIf3fe5hwz3DloBRT+9+YHg4yyIzmg="; outPath = "/nix/store/5504829hvpvc7432ycy0vz51i6bs79nx-source"; }',
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/hard-link-over.tar"; }': {
      out: '{ lastModified = 1600000000; lastModifiedDate = "20200913122640"; narHash = "sha256-J5yz3fvIO+njdDYSAMR+piMS2f/J/pT7Ivz1OaJ+3OE="; outPath = "/nix/store/45bh85x0y1djbzcfhi57bg6wr5vd81z2-source"; }',
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/file-then-below.tar"; }': {
      error: "cannot unpack 'BASE/file-then-below.tar': parent of 'top/a/b' is not a directory",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/dir-then-file.tar"; }': {
      out: '{ lastModified = 1600000000; lastModifiedDate = "20200913122640"; narHash = "sha256-H8oExxLMBHbTNJWCBT6i5D3/XbcyWwkid9lEpjGggfM="; outPath = "/nix/store/4vx2hk7s0di4z9i1vvb4k2i2hgan7420-source"; }',
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/full-dir-then-file.tar"; }': {
      error: "cannot unpack 'BASE/full-dir-then-file.tar': cannot create 'top/a', conflicting non-empty directory",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/through-link.tar"; }': {
      error: "cannot unpack 'BASE/through-link.tar': parent of 'top/out/written' is not a directory",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/through-link-inside.tar"; }': {
      error: "cannot unpack 'BASE/through-link-inside.tar': parent of 'top/to/b' is not a directory",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/root-file.tar"; }': {
      out: '{ lastModified = 1600000000; lastModifiedDate = "20200913122640"; narHash = "sha256-pQpattmS9VmO3ZIQUFn66az8GSmB4IvYhTTCFn6SUmo="; outPath = "/nix/store/0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-source"; }',
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/dots.tar"; }': {
      error: "cannot unpack 'BASE/dots.tar': the archive has a file at its top that has no name of its own: '..'",
    },
  },
  "links to links are followed in any order": {
    'builtins.fetchTree { type = "tarball"; url = "BASE/hard-link-chain.tar"; }': {
      out: '{ lastModified = 1600000000; lastModifiedDate = "20200913122640"; narHash = "sha256-ldLVgW3eID5M8vraS96GsB+/bUGlfka+MtcGN3H6ar4="; outPath = "/nix/store/xaqrpq8qb516sxi2hgplsazjidgwrfkc-source"; }',
    },
  },
  "a broken pax record or a wrong checksum is an error, not a warning or nothing": {
    'builtins.fetchTree { type = "tarball"; url = "BASE/pax-bad.tar"; }': {
      error: "cannot unpack 'BASE/pax-bad.tar': the tar archive is damaged at byte 0: a pax record is broken",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/bad-crc.tar.gz"; }': {
      error: "cannot unpack 'BASE/bad-crc.tar.gz': the gzip data ends in the middle",
    },
  },
  "what follows compressed data never matters; in Nix it depends on the compression": {
    'builtins.fetchTree { type = "tarball"; url = "BASE/trailing.tar.xz"; }': {
      out: '{ lastModified = 1600000300; lastModifiedDate = "20200913123140"; narHash = "sha256-DGJn5Kvc6KBl7RoFoRIyu9gRH6t/gmzlAo3zBNura14="; outPath = "/nix/store/aabxry2pbba71qw0w1zywr5hqwmqfazk-source"; }',
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/trailing.tar.zst"; }': {
      out: '{ lastModified = 1600000300; lastModifiedDate = "20200913123140"; narHash = "sha256-DGJn5Kvc6KBl7RoFoRIyu9gRH6t/gmzlAo3zBNura14="; outPath = "/nix/store/aabxry2pbba71qw0w1zywr5hqwmqfazk-source"; }',
    },
  },
  "the words of libarchive are ours instead, with the address": {
    'builtins.fetchTree { type = "tarball"; url = "BASE/hard-link-missing.tar"; }': {
      error: "cannot unpack 'BASE/hard-link-missing.tar': the hard link 'top/b' leads to 'top/nowhere', which is not in the archive",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/hard-link-dir.tar"; }': {
      error: "cannot unpack 'BASE/hard-link-dir.tar': cannot create a hard link to a directory: 'top/b' to 'top/a'",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/fifo.tar"; }': {
      error: "cannot unpack 'BASE/fifo.tar': file 'top/pipe' in tarball has unsupported file type: fifo",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/device.tar"; }': {
      error: "cannot unpack 'BASE/device.tar': file 'top/null' in tarball has unsupported file type: character device",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/block-device.tar"; }': {
      error: "cannot unpack 'BASE/block-device.tar': file 'top/disk' in tarball has unsupported file type: block device",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/truncated-header.tar"; }': {
      error: "cannot unpack 'BASE/truncated-header.tar': the tar archive is damaged at byte 512: it is truncated in a header",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/truncated-body.tar"; }': {
      error: "cannot unpack 'BASE/truncated-body.tar': the tar archive is damaged at byte 2000: it is truncated in a file",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/bad-checksum.tar"; }': {
      error: "cannot unpack 'BASE/bad-checksum.tar': the tar archive is damaged at byte 1024: a header has a wrong checksum",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/truncated.tar.gz"; }': {
      error: "cannot unpack 'BASE/truncated.tar.gz': the gzip data ends in the middle",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/truncated-trailer.tar.gz"; }': {
      error: "cannot unpack 'BASE/truncated-trailer.tar.gz': the gzip data ends in the middle",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/corrupt.tar.gz"; }': {
      error: "cannot unpack 'BASE/corrupt.tar.gz': the gzip data is damaged: invalid distance",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/deeper.tar"; }': {
      error:
        "cannot unpack 'BASE/deeper.tar': 'd/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/f' is nested too deeply: more than 63 levels",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/long-name.tar"; }': {
      error:
        "cannot unpack 'BASE/long-name.tar': the path 'top/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn' has an invalid name in it: it has 300 bytes, more than 255",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/truncated.tar.xz"; }': {
      error: "cannot unpack 'BASE/truncated.tar.xz': the xz data ends in the middle",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/corrupt.tar.xz"; }': {
      error: "cannot unpack 'BASE/corrupt.tar.xz': the xz data is damaged: it cannot be decoded (7)",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/truncated.tar.bz2"; }': {
      error: "cannot unpack 'BASE/truncated.tar.bz2': the bzip2 data ends in the middle",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/corrupt.tar.bz2"; }': {
      error: "Failed to open archive (Unrecognized archive format)",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/truncated.tar.zst"; }': {
      error: "cannot unpack 'BASE/truncated.tar.zst': the zstd data ends in the middle",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/corrupt.tar.zst"; }': {
      error: "cannot unpack 'BASE/corrupt.tar.zst': the tar archive is damaged at byte 512: a header has a wrong checksum",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/bad-crc.zip"; }': {
      error: "cannot unpack 'BASE/bad-crc.zip': the zip archive is damaged: 'top/a' has a wrong checksum",
    },
    'builtins.fetchTree { type = "tarball"; url = "BASE/truncated.zip"; }': {
      error: "cannot unpack 'BASE/truncated.zip': this is not a zip archive, or it is truncated: it has no directory at its end",
    },
  },
  "the words of curl are the system's where curl measures or does what nobody needs": {
    'builtins.fetchurl "http://127.0.0.1:2/x"': {
      error: "unable to download 'http://127.0.0.1:2/x': Could not connect to server (7) connect ECONNREFUSED 127.0.0.1:2",
    },
    'builtins.fetchurl "gopher://example.com/x"': {
      error: "unable to download 'gopher://example.com/x': Unsupported protocol (1) Protocol \"gopher\" not supported",
    },
    'builtins.fetchurl "file:///usr"': {
      error: "unable to download 'file:///usr': Could not read a file:// file (37) Could not open file /usr",
    },
    'fetchTarball "http://127.0.0.1:2/x.tar"': {
      error:
        "Failed to open archive (Source threw exception: error: unable to download 'http://127.0.0.1:2/x.tar': Could not connect to server (7) connect ECONNREFUSED 127.0.0.1:2)",
    },
  },
  "2.36 fetches tarballs as inputs": {
    'fetchTarball { url = "BASE/plain.tar.gz"; sha256 = "0000000000000000000000000000000000000000000000000000"; }': {
      error:
        "NAR hash mismatch in input 'BASE/plain.tar.gz?narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D', expected 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' but got 'sha256-DGJn5Kvc6KBl7RoFoRIyu9gRH6t/gmzlAo3zBNura14='",
    },
    'fetchTarball { url = "BASE/plain.tar.gz"; sha256 = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; name = "n"; }': {
      error:
        "NAR hash mismatch in input 'BASE/plain.tar.gz?narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D', expected 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' but got 'sha256-DGJn5Kvc6KBl7RoFoRIyu9gRH6t/gmzlAo3zBNura14='",
    },
  },
  "2.36 has no double slash": {
    'builtins.fetchTree { type = "path"; path = "/nowhere/at/all"; }': {
      error: "path '/nowhere/at/all' does not exist",
    },
  },
}

/** What we give for an expression where Nix gives something else. */
export const ours: ReadonlyMap<string, Ours> = new Map(Object.values(reasons).flatMap((group) => Object.entries(group)))
