// Where this user builds: what they have chosen, else the gateway that runs beside the app; and to whom they have allowed sending.

import type { EndpointSettings } from "../../engine/worker/client.ts"

/** What the server of the page says at /gateway.json. */
export type GatewayNotice = { readonly url: string } | { readonly problem: string } | null

export interface EndpointChoice {
  /** Null for the gateway beside the app. */
  readonly own: EndpointSettings | null
  /** Endpoints to which something was sent with the user's consent. */
  readonly allowed: readonly string[]
  /** How long builds took, by name: milliseconds. */
  readonly times: Readonly<Record<string, number>>
}

/** As much of a Storage as is needed. */
export interface ChoiceStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

const KEY = "thunkpad/2/builds"
/** Names whose times are kept. */
const NAMES = 500

/** Asks the page's own server; null where none is told of, as on static hosts. */
export async function askGateway(ask: () => Promise<Response>): Promise<GatewayNotice> {
  try {
    const response = await ask()
    // Some servers answer every address with the page.
    if (!response.ok || !(response.headers.get("content-type") ?? "").includes("json")) return null
    const told = (await response.json()) as { readonly url?: unknown; readonly problem?: unknown } | null
    if (typeof told?.url === "string" && /^https?:\/\//.test(told.url)) return { url: told.url }
    return typeof told?.problem === "string" ? { problem: told.problem } : null
  } catch {
    return null
  }
}

/** What was kept; as usual where it is missing or wrong. */
export function readChoice(storage: ChoiceStorage): EndpointChoice {
  let kept: Partial<Record<keyof EndpointChoice, unknown>> = {}
  try {
    kept = (JSON.parse(storage.getItem(KEY) ?? "{}") as typeof kept | null) ?? {}
  } catch {
    // Somebody else's: as if there were nothing.
  }
  const own = kept.own as Partial<Record<keyof EndpointSettings, unknown>> | null | undefined
  const times = Object.entries((typeof kept.times === "object" && kept.times) || {})
  return {
    own:
      typeof own?.url === "string"
        ? {
            url: own.url,
            ...(typeof own.token === "string" ? { token: own.token } : {}),
            ...(own.protocol === "connect" || own.protocol === "grpc-web" ? { protocol: own.protocol } : {}),
          }
        : null,
    allowed: Array.isArray(kept.allowed) ? kept.allowed.filter((url): url is string => typeof url === "string") : [],
    times: Object.fromEntries(times.filter((pair): pair is [string, number] => typeof pair[1] === "number")),
  }
}

export function writeChoice(storage: ChoiceStorage, choice: EndpointChoice): void {
  const times = Object.fromEntries(Object.entries(choice.times).slice(-NAMES))
  storage.setItem(KEY, JSON.stringify({ ...choice, times }))
}
