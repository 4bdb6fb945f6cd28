// Monaco's themes, in the page's own colours (style.css).

import type { editor } from "monaco-editor/editor"

interface Palette {
  readonly base: editor.BuiltinTheme
  readonly ink: string
  readonly panel: string
  readonly quiet: string
  readonly line: string
  readonly word: string
  readonly number: string
  readonly string: string
  readonly path: string
  readonly escape: string
  readonly name: string
  readonly global: string
  readonly accent: string
}

const palettes: Readonly<Record<"light" | "dark" | "contrast", Palette>> = {
  light: {
    base: "vs",
    ink: "1c2430",
    panel: "ffffff",
    quiet: "566070",
    line: "d5dae1",
    word: "2d4fa3",
    number: "0b6075",
    string: "86377b",
    path: "35641b",
    escape: "9a3412",
    name: "1c2430",
    global: "24527f",
    accent: "24527f",
  },
  dark: {
    base: "vs-dark",
    ink: "e3e8ee",
    panel: "1a2028",
    quiet: "9aa6b5",
    line: "323b47",
    word: "9db8ff",
    number: "6fd0e6",
    string: "e3a1d8",
    path: "a5d37c",
    escape: "f0b072",
    name: "e3e8ee",
    global: "7db7ea",
    accent: "7db7ea",
  },
  contrast: {
    base: "hc-black",
    ink: "ffffff",
    panel: "000000",
    quiet: "c8d0da",
    line: "ffffff",
    word: "a9c7ff",
    number: "7ff0ff",
    string: "ffb3f0",
    path: "b8ff8a",
    escape: "ffd08a",
    name: "ffffff",
    global: "9fd4ff",
    accent: "ffff00",
  },
}

/** The theme of a name of the settings: `thunkpad-light` and its like. */
export function nixTheme(name: keyof typeof palettes): editor.IStandaloneThemeData {
  const p = palettes[name]
  return {
    base: p.base,
    inherit: true,
    rules: [
      { token: "", foreground: p.ink },
      { token: "comment", foreground: p.quiet, fontStyle: "italic" },
      { token: "keyword", foreground: p.word, fontStyle: "bold" },
      { token: "number", foreground: p.number },
      { token: "string", foreground: p.string },
      { token: "string.escape", foreground: p.escape },
      { token: "string.path", foreground: p.path },
      { token: "string.link", foreground: p.path },
      { token: "operator", foreground: p.quiet },
      { token: "variable", foreground: p.name },
      { token: "parameter", foreground: p.name, fontStyle: "italic" },
      { token: "property", foreground: p.name },
      { token: "global", foreground: p.global },
      { token: "dynamic", foreground: p.name, fontStyle: "underline" },
    ],
    colors: {
      "editor.background": `#${p.panel}`,
      "editor.foreground": `#${p.ink}`,
      "editorLineNumber.foreground": `#${p.quiet}`,
      "editorLineNumber.activeForeground": `#${p.ink}`,
      "editorInlayHint.foreground": `#${p.quiet}`,
      "editorInlayHint.background": `#${p.panel}`,
      // Faded as far as it stays readable: 4.5 to 1 in each theme.
      "editorUnnecessaryCode.opacity": "#000000c0",
      focusBorder: `#${p.accent}`,
    },
  }
}
