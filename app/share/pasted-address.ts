// What somebody may paste to open it: a link of ours, the page of a gist or of a file on GitHub, the address of any file.

/** As the part of an address that the page reads. */
export function pastedAddress(text: string): { readonly search: string; readonly hash: string } {
  const gist = /^https:\/\/gist\.github\.com\/(?:[\w-]+\/)?([0-9a-f]+)/.exec(text)?.[1]
  if (gist !== undefined) return { search: `?gist=${gist}`, hash: "" }
  const file = /^https:\/\/github\.com\/([^/]+\/[^/]+)\/(?:blob|raw)\/(.+?)(?:[?#].*)?$/.exec(text)
  if (file !== null) return { search: `?github=${file[1]}/${file[2]}`, hash: "" }
  const fragment = text.indexOf("#")
  if (fragment >= 0 && /^#(?:[0-9A-Za-z]\.|code=|url=|bundle=)/.test(text.slice(fragment)))
    return { search: "", hash: text.slice(fragment) }
  const query = /\?(?:gist|github)=[^#]+/.exec(text)?.[0]
  if (query !== undefined) return { search: query, hash: "" }
  return { search: "", hash: `#url=${encodeURIComponent(text)}` }
}
