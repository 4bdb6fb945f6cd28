// Vite's forms of importing files, as this room uses them.

/** The file as a data: URL. */
declare module "*.wasm?url&inline" {
  const url: string
  export default url
}
