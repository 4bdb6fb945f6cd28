// Paths as Nix normalises them in literals, by text alone.

/**
 * `path`, made absolute from `base`, without empty, `.` and `..` components; `..` never leaves `/`,
 * and there is no trailing slash. C++ Nix: canon-path.cc CanonPath.
 */
export function canonPath(path: string, base = "/"): string {
  const parts: string[] = []
  const add = (text: string) => {
    for (const part of text.split("/")) {
      if (part === "..") parts.pop()
      else if (part !== "" && part !== ".") parts.push(part)
    }
  }
  if (!path.startsWith("/")) add(base)
  add(path)
  return `/${parts.join("/")}`
}
