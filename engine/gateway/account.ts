// Accounts: whose requests these are, what they may use, and what they have used. Tokens of one name share an account; without
// tokens everybody is one. What was used outlives the gateway where there is a folder for it.

import { createHash } from "node:crypto"
import { mkdirSync, readFileSync } from "node:fs"
import { dirname } from "node:path"
import { createContextKey } from "@connectrpc/connect"
import { StoreError } from "../castore/error.ts"
import { replaceDurably } from "./durable-file.ts"
import { isAbsent } from "./folder-fault.ts"

/** What an account may use; what is not said is not bounded. */
export interface Quota {
  /** Builds that run at once; more wait. */
  readonly builds?: number
  /** Builds that wait. */
  readonly waiting?: number
  /** Bytes that are taken or built on one day (of UTC). */
  readonly bytesPerDay?: number
  /** Bytes that are taken or built in all. */
  readonly bytes?: number
}

/** A secret that requests show, and whose they are then. */
export interface TokenRule {
  readonly secret: string
  /** Of the account; made of the secret where nothing is said (it cannot be told from it). */
  readonly name?: string
  readonly quota?: Quota
}

export interface Usage {
  /** Bytes that were taken or built today. */
  readonly today: number
  /** Bytes that were taken or built in all. */
  readonly total: number
}

const dayLength = 86_400_000

export class Account {
  readonly name: string
  readonly quota: Quota
  readonly #now: () => number
  readonly #onUse: () => void
  #day: number
  #today: number
  #total: number

  constructor(name: string, quota: Quota, record: UsageRecord | undefined, now: () => number, onUse: () => void) {
    this.name = name
    this.quota = quota
    this.#now = now
    this.#onUse = onUse
    this.#day = record?.day ?? 0
    this.#today = record?.today ?? 0
    this.#total = record?.total ?? 0
  }

  get usage(): Usage {
    this.#turn()
    return { today: this.#today, total: this.#total }
  }

  get record(): UsageRecord {
    return { day: this.#day, ...this.usage }
  }

  #turn(): void {
    const day = Math.floor(this.#now() / dayLength)
    if (day === this.#day) return
    this.#day = day
    this.#today = 0
  }

  /** Throws `quota` unless there is room for so many bytes more. */
  check(bytes: number): void {
    const { bytesPerDay = Number.POSITIVE_INFINITY, bytes: most = Number.POSITIVE_INFINITY } = this.quota
    const { today, total } = this.usage
    const exceeded = (used: string): StoreError => {
      const more = bytes === 0 ? "" : `, and ${bytes} more were to come`
      return new StoreError("quota", `the quota of '${this.name}' is exceeded: ${used} are used${more}`)
    }
    if (total + bytes > most) throw exceeded(`${total} of ${most} bytes in all`)
    if (today + bytes > bytesPerDay) {
      const again = new Date((this.#day + 1) * dayLength).toISOString()
      throw exceeded(`${today} of ${bytesPerDay} bytes of this day, which ends at ${again},`)
    }
  }

  /** Takes note of bytes that are taken. Throws `quota` if that are too many. */
  charge(bytes: number): void {
    this.check(bytes)
    this.note(bytes)
  }

  /** Takes note of bytes that are there already: what a build has made. */
  note(bytes: number): void {
    this.#turn()
    this.#today += bytes
    this.#total += bytes
    this.#onUse()
  }
}

/** What is kept of an account. */
export interface UsageRecord extends Usage {
  /** Days since 1970 began. */
  readonly day: number
}

export interface AccountsOptions {
  readonly tokens?: readonly (string | TokenRule)[]
  /** Of accounts whose token says nothing else. */
  readonly quota?: Quota
  /** Where it is kept what was used; without it, in memory. */
  readonly file?: string
  readonly now?: () => number
  /** Told when the file cannot be written. */
  readonly onFault?: (error: unknown) => void
}

/** Milliseconds after which what was used is written down. */
const writeDelay = 1000

/** Of requests without a token, where none is needed. */
export const anonymous = "anonymous"

export class Accounts {
  readonly #options: AccountsOptions
  readonly #accounts = new Map<string, Account>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  /** Throws RangeError for names that cannot be, and for quotas that contradict each other. */
  constructor(options: AccountsOptions = {}) {
    this.#options = options
    const records = readRecords(options.file)
    const quotas = new Map<string, Quota | undefined>(options.tokens?.length ? [] : [[anonymous, undefined]])
    for (const token of options.tokens ?? []) {
      const name = accountName(token)
      const quota = typeof token === "string" ? undefined : token.quota
      const other = quotas.get(name)
      if (other !== undefined && quota !== undefined && JSON.stringify(other) !== JSON.stringify(quota))
        throw new RangeError(`the tokens of '${name}' have different quotas`)
      quotas.set(name, quota ?? other)
    }
    const onUse = (): void => this.#write()
    for (const [name, quota] of quotas) {
      const bounds = { ...options.quota, ...quota }
      this.#accounts.set(name, new Account(name, bounds, records.get(name), options.now ?? Date.now, onUse))
    }
  }

  /** An account by its name. */
  get(name: string): Account | undefined {
    return this.#accounts.get(name)
  }

  /** Writes down what was used since it was last written. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) this.#writeNow()
    await this.#writing
  }

  /** Soon, not at once: a gateway that is killed forgets a second of it. */
  #write(): void {
    if (this.#options.file !== undefined) this.#timer ??= setTimeout(() => this.#writeNow(), writeDelay).unref()
  }

  #writeNow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const file = this.#options.file!
    this.#writing = this.#writing.then(async () => {
      const records = Object.fromEntries([...this.#accounts].map(([name, { record }]) => [name, record]))
      try {
        await replaceDurably(file, Buffer.from(`${JSON.stringify(records, null, 2)}\n`))
      } catch (error) {
        this.#options.onFault?.(error)
      }
    })
  }
}

/** The name of the account that a token is of. Throws RangeError for one that cannot be. */
export function accountName(token: string | TokenRule): string {
  const { secret, name } = typeof token === "string" ? { secret: token, name: undefined } : token
  if (name === undefined) return `token-${createHash("sha256").update(`thunkpad account\0${secret}`).digest("hex").slice(0, 12)}`
  if (!/^[\w.-]{1,64}$/.test(name) || name === anonymous) throw new RangeError(`'${name}' cannot be the name of a token`)
  return name
}

function readRecords(file: string | undefined): Map<string, UsageRecord> {
  if (file === undefined) return new Map()
  mkdirSync(dirname(file), { recursive: true })
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, UsageRecord>)) // we wrote it
  } catch (error) {
    if (isAbsent(error)) return new Map()
    throw new RangeError(`cannot read '${file}': ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Whose call of a service it is. */
export const accountKey = createContextKey<Account>(new Account(anonymous, {}, undefined, Date.now, () => {}), {
  description: "the account of a call",
})
