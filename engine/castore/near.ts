// What caches share: the near store is a convenience, so that its faults never fail a reading. They are reported, and repaired.

import type { DeletingStore } from "./blob-store.ts"
import type { B3Digest } from "./digest.ts"
import { StoreError } from "./error.ts"

/** Is told of faults that were got around. Gets StoreErrors; must throw whatever else it gets, which is a bug. */
export type ReportFault = (fault: unknown) => void

/** What near has of these things, null for the rest. What is damaged there is reported and, where that can be done, removed. */
export async function nearAnswers<T>(
  near: object,
  digests: readonly B3Digest[],
  question: (digests: readonly B3Digest[]) => Promise<(T | null)[]>,
  report: ReportFault,
): Promise<(T | null)[]> {
  try {
    return await question(digests)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (digests.length === 1) {
      report(error)
      if (error.code === "damaged" && "deleteMany" in near) await (near as DeletingStore).deleteMany(digests).catch(report)
      return [null]
    }
    const answers: (T | null)[] = []
    for (const digest of digests) answers.push((await nearAnswers(near, [digest], question, report))[0] ?? null)
    return answers
  }
}
