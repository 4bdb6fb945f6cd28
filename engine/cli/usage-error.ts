// A mistake on the command line; printed as Nix prints it, exit status 1.

export class UsageError {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}
