// Vite's forms of importing a worker.
declare module "*?worker&url" {
  const url: string
  export default url
}
