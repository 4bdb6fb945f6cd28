// Building on the command line: at the endpoint that is given, for the commands that build and for evaluation that needs something
// built. What it takes is loaded only then.

import type { OutputRequest } from "../eval/host.ts"
import { PendingAnswers } from "../eval/pending-answers.ts"
import type { FolderBuilder } from "./folder-builder.ts"
import type { StoreFolder } from "./store-folder.ts"

/** What flags and environment say of where is built. */
export interface BuildingOptions {
  readonly url: string
  /** A file that has the token in it. */
  readonly tokenFile: string | undefined
  /** Builds at once. */
  readonly jobs: number
  /** Takes a line (bytes) of what happens. */
  readonly err: (line: string) => void
}

/** What evaluation may have built. */
export class Building {
  readonly #folder: StoreFolder
  readonly #options: BuildingOptions
  readonly #answers = new PendingAnswers()
  #builder: Promise<FolderBuilder> | undefined

  /** `folder` is where derivations come from and outputs go. */
  constructor(folder: StoreFolder, options: BuildingOptions) {
    this.#folder = folder
    this.#options = options
  }

  /** What builds; made when it is first asked for. */
  builder(): Promise<FolderBuilder> {
    this.#builder ??= import("./folder-builder.ts").then(({ FolderBuilder }) => new FolderBuilder(this.#folder, this.#options))
    return this.#builder
  }

  /** As Host.realise. */
  realise(outputs: readonly OutputRequest[]): readonly string[] {
    const key = outputs.map(({ drvPath, output }) => `${drvPath}!${output}`).join(" ")
    return this.#answers.answerLong(key, async () => (await this.builder()).realise(outputs))
  }

  /** Removes what was only needed for building. */
  close(): void {
    this.#builder?.then(
      (builder) => builder.close(),
      () => {},
    )
  }
}
