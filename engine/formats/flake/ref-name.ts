// Names of Git branches and tags.
// C++ Nix: libfetchers/git-utils.cc isLegalRefName (libgit2); the rules are those of git-check-ref-format.

/** True if Git would take this as the name of a branch, tag or reference. */
export function isLegalRefName(name: string): boolean {
  if (name === "" || name === "@") return false
  if (name.startsWith("-") && !name.includes("/")) return false
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{/.test(name) || name.endsWith(".")) return false
  return name.split("/").every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"))
}
