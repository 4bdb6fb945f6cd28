// Store paths that stand for each other in two graphs: what was found at one path on the left is found at another on the
// right. Texts that differ only in such paths are the same text; that is how differences are folded.

import { hashPart, namePart, type StorePath } from "../../store-path/store-path.ts"

/** A run of digits that a hash part or a placeholder can be. */
const digits = /[0-9a-df-np-sv-z]{32,}/g

interface Partner {
  readonly leftName: string
  readonly rightName: string
}

export class MovedPaths {
  /** By the hash part on the left, then on the right. A path may have moved to several (or stand for several). */
  readonly #partners = new Map<string, Map<string, Partner>>()

  #add(left: string, right: string, partner: Partner): void {
    let partners = this.#partners.get(left)
    if (partners === undefined) this.#partners.set(left, (partners = new Map()))
    partners.set(right, partner)
  }

  /** Notes that `left` on the left is what `right` is on the right. */
  add(left: StorePath, right: StorePath): void {
    if (left !== right) this.#add(hashPart(left), hashPart(right), { leftName: `-${namePart(left)}`, rightName: `-${namePart(right)}` })
  }

  /** Notes that two placeholders ("/" and digits) stand for each other. */
  addPlaceholder(left: string, right: string): void {
    if (left !== right) this.#add(left.slice(1), right.slice(1), { leftName: "", rightName: "" })
  }

  /** Whether two texts are the same but for paths that have moved. */
  sameText(left: string, right: string): boolean {
    if (left === right) return true
    let leftAt = 0
    let rightAt = 0
    for (;;) {
      const l = next(left, leftAt)
      const r = next(right, rightAt)
      if (left.slice(leftAt, l?.at) !== right.slice(rightAt, r?.at)) return false
      if (l === undefined || r === undefined) return l === r
      leftAt = l.at + l.text.length
      rightAt = r.at + r.text.length
      if (l.text === r.text) continue
      const partner = this.#partners.get(l.text)?.get(r.text)
      if (partner === undefined) return false
      if (left.startsWith(partner.leftName, leftAt) && right.startsWith(partner.rightName, rightAt)) {
        leftAt += partner.leftName.length
        rightAt += partner.rightName.length
      }
    }
  }
}

function next(text: string, from: number): { readonly at: number; readonly text: string } | undefined {
  digits.lastIndex = from
  const found = digits.exec(text)
  return found === null ? undefined : { at: found.index, text: found[0] }
}

/** A text with all hash parts and placeholders blotted out. */
export function withoutHashes(text: string): string {
  return text.replace(digits, "\0")
}
