// Users for builds of a gateway that root runs, as Nix has its nixbld: each build that runs has a number of its own, which owns
// nothing else on the machine. They are in no file: the kernel wants only numbers. C++ Nix: libstore/unix/user-lock.cc

/** The first of the numbers: far from those of people, of services and of Nix's own automatic ones. */
const firstUser = 1_900_000_000

/** Where the folders of a build are mounted for its user, who may not go through root's; the first two that are there are taken. */
export const mountPlaces: readonly string[] = ["/mnt", "/srv", "/media", "/opt"]

export class BuildUsers {
  readonly #taken = new Set<number>()

  /** A number that no build of this gateway has. */
  take(): number {
    let user = firstUser
    while (this.#taken.has(user)) user++
    this.#taken.add(user)
    return user
  }

  giveBack(user: number): void {
    this.#taken.delete(user)
  }
}
