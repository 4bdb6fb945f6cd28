// Two texts side by side in Monaco. Its entry leaves the editor of differences out (vite.config.ts), so this is a chunk of its own.

import { editor, languages } from "monaco-editor/editor"
import { DiffEditorWidget } from "monaco-editor/editor/browser/widget/diffEditor/diffEditorWidget"
import {
  IDiffProviderFactoryService,
  WorkerBasedDiffProviderFactoryService,
} from "monaco-editor/editor/browser/widget/diffEditor/diffProviderFactoryService"
import { StandaloneServices } from "monaco-editor/editor/standalone/browser/standaloneServices"
import { IStandaloneThemeService } from "monaco-editor/editor/standalone/common/standaloneTheme"
import { ServiceCollection } from "monaco-editor/platform/instantiation/common/serviceCollection"
import { useEffect, useRef } from "react"
import { useTheme } from "../use-theme.ts"
import { useBench } from "../workbench-context.ts"
import { prepareMonaco } from "./monaco.ts"
import { nixGrammar } from "./nix-grammar.ts"
import { nixTheme } from "./nix-theme.ts"

/** Nix in colours alone: what is only looked at asks nothing of the engine. */
const COLOURS = "nix-colours"

export function DifferenceEditor({ left, right }: { readonly left: string; readonly right: string }) {
  const place = useRef<HTMLDivElement>(null)
  const theme = useTheme()
  const fontSize = useBench((state) => state.settings.fontSize)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    prepareMonaco()
    const all = StandaloneServices.initialize({})
    // What finds differences was not there yet when Monaco's services were made.
    const finder = all.createInstance(WorkerBasedDiffProviderFactoryService)
    const services = all.createChild(new ServiceCollection([IDiffProviderFactoryService, finder]))
    languages.register({ id: COLOURS })
    const colours = languages.setMonarchTokensProvider(COLOURS, nixGrammar)
    const styled = StandaloneServices.get(IStandaloneThemeService).registerEditorContainer(element)
    editor.defineTheme(`thunkpad-${theme}`, nixTheme(theme))
    editor.setTheme(`thunkpad-${theme}`)
    const original = editor.createModel(left, COLOURS)
    const modified = editor.createModel(right, COLOURS)
    const options: editor.IDiffEditorConstructionOptions = {
      readOnly: true,
      originalEditable: false,
      automaticLayout: true,
      fontSize,
      fontFamily: "var(--mono)",
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      useInlineViewWhenSpaceIsLimited: false,
      hideUnchangedRegions: { enabled: true },
      renderMarginRevertIcon: false,
      renderFinalNewline: "on",
    }
    const widget = services.createInstance(DiffEditorWidget, element, options, {})
    // Not among the first options: Monaco forgets them there.
    widget.updateOptions({ originalAriaLabel: "The other text", modifiedAriaLabel: "The text that is open here" })
    widget.setModel({ original, modified })
    return () => {
      widget.dispose()
      for (const one of [original, modified, styled, colours]) one.dispose()
    }
  }, [left, right, theme, fontSize])
  return <div ref={place} className="difference-editor" />
}
