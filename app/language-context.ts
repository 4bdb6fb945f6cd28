// The editor's engine, for every component that asks it something.

import { createContext, useContext } from "react"
import type { LanguageApi } from "../engine/worker/language-protocol.ts"

export const LanguageContext = createContext<LanguageApi | null>(null)

/** The page's language engine. */
export function useLanguage(): LanguageApi {
  const language = useContext(LanguageContext)
  if (language === null) throw new Error("no language engine above this component")
  return language
}
