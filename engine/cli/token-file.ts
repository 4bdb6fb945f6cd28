// The tokens of a gateway, one a line: the secret, then what its account is called and may use, if that is to be said.
//
//   SECRET [name=NAME] [builds=N] [waiting=N] [megabytes-per-day=N] [megabytes=N]      # blanks between them; '#' begins a comment

import type { Quota, TokenRule } from "../gateway/account.ts"
import { UsageError } from "./usage-error.ts"

/** Bytes, for people. */
const megabyte = 1 << 20

const bounds: Readonly<Record<string, (number: number) => Quota>> = {
  builds: (builds) => ({ builds }),
  waiting: (waiting) => ({ waiting }),
  "megabytes-per-day": (number) => ({ bytesPerDay: number * megabyte }),
  megabytes: (number) => ({ bytes: number * megabyte }),
}

/** The tokens in the text of a file. Throws UsageError, which does not tell secrets. */
export function parseTokens(text: string, file: string): TokenRule[] {
  const tokens: TokenRule[] = []
  for (const [i, line] of text.split("\n").entries()) {
    const [secret = "", ...words] = line.trim().split(/\s+/)
    if (secret !== "" && !secret.startsWith("#")) tokens.push(parseToken(secret, words, `${file}:${i + 1}`))
  }
  return tokens
}

function parseToken(secret: string, words: readonly string[], where: string): TokenRule {
  let rule: TokenRule = { secret }
  for (const [i, word] of words.entries()) {
    if (word.startsWith("#")) break
    const [, key = "", value = ""] = /^([^=]*)=(.*)$/.exec(word) ?? []
    const bound = Object.hasOwn(bounds, key) ? bounds[key] : undefined
    if (key === "name") rule = { ...rule, name: value }
    else if (bound !== undefined) rule = { ...rule, quota: { ...rule.quota, ...bound(parseBound(value, `${where}: '${key}'`)) } }
    else throw new UsageError(`${where}: word ${i + 2} is neither 'name=NAME' nor one of ${Object.keys(bounds).join(", ")} with '=N'`)
  }
  return rule
}

/** A number that something must not exceed, from 1 on. Throws UsageError, which begins with `what`. */
export function parseBound(text: string, what: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number * megabyte))
    throw new UsageError(`${what} takes a number from 1 on`)
  return number
}

/** The bounds that flags set for all, given how a flag is read. */
export function quotaOf(read: (name: string) => string | undefined): Quota {
  let quota: Quota = {}
  for (const [key, bound] of Object.entries(bounds)) {
    const text = read(`quota-${key}`)
    if (text !== undefined) quota = { ...quota, ...bound(parseBound(text, `'--quota-${key}'`)) }
  }
  return quota
}

/** The names of these flags. */
export const quotaFlags: readonly string[] = Object.keys(bounds).map((key) => `quota-${key}`)
