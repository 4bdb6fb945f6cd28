// What opens over the page; each is loaded when it is first opened.

export function Dialogs() {
  return null
}
