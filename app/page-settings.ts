// How the page looks and behaves for this user, whatever the workspace.

import type { CacheSettings } from "../engine/worker/client.ts"
import { readCaches } from "./store-settings.ts"

export interface PageSettings {
  readonly theme: "system" | "light" | "dark" | "contrast"
  /** Which editor: the full one on large screens and the light one on phones, or always one of them. */
  readonly editor: "auto" | "full" | "light" | "plain"
  readonly vim: boolean
  /** Pixels. */
  readonly fontSize: number
  /** Whether a program runs while it is written, or when it is told to. */
  readonly evaluate: "typing" | "asked"
  /** Binary caches that are asked, in their order, by programs that may use the network and before builds. */
  readonly caches: readonly CacheSettings[]
  /** Of what the store is made, in JSON; "" for the browser's storage alone. */
  readonly composition: string
}

export const usualSettings: PageSettings = {
  theme: "system",
  editor: "auto",
  vim: false,
  fontSize: 14,
  evaluate: "asked",
  caches: [],
  composition: "",
}

const choices = {
  theme: ["system", "light", "dark", "contrast"],
  editor: ["auto", "full", "light", "plain"],
  evaluate: ["typing", "asked"],
} as const

/** Settings from anything that was kept: what is missing or wrong is as usual. */
export function readSettings(kept: unknown): PageSettings {
  const found = (typeof kept === "object" && kept !== null ? kept : {}) as Partial<Record<keyof PageSettings, unknown>>
  const pick = <K extends keyof typeof choices>(name: K): PageSettings[K] =>
    (choices[name] as readonly unknown[]).includes(found[name]) ? (found[name] as PageSettings[K]) : usualSettings[name]
  const size = found.fontSize
  return {
    theme: pick("theme"),
    editor: pick("editor"),
    evaluate: pick("evaluate"),
    vim: found.vim === true,
    caches: readCaches(found.caches),
    composition: typeof found.composition === "string" ? found.composition : "",
    fontSize: typeof size === "number" && size >= 8 && size <= 40 ? size : usualSettings.fontSize,
  }
}
