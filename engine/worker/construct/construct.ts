// How a construct of the language is described: one object with its form, what it means and examples that are run as tests.

/** `gives` is what `nix-instantiate --eval --strict` prints, `fails` the first line of the error. */
export type ConstructExample = { readonly nix: string; readonly features?: readonly string[] } & (
  | { readonly gives: string }
  | { readonly fails: string }
)

export interface Construct {
  /** As it is looked up: a keyword, or what the construct is called. */
  readonly name: string
  /** How it is written. */
  readonly form: string
  /** Markdown. The first paragraph alone is what hovering over the keyword tells. */
  readonly text: string
  /** The file of C++ Nix that decides. */
  readonly see: string
  readonly examples: readonly ConstructExample[]
}
