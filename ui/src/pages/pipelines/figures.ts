/** Figures of the last runs of a pipeline, always over those that are shown. */
import type { Schema } from "@/api/client"

export type RunInShort = Schema["PipelineRunView"]

export interface Figures {
  /** Runs that have ended, of those that are shown. */
  readonly ended: number
  readonly succeeded: number
  readonly running: number
  readonly waiting: number
  /** Of those that succeeded, in seconds; null where none has. */
  readonly median: number | null
}

const WAITING = new Set(["created", "scheduled", "waiting", "queued"])

export function figuresOf(runs: readonly RunInShort[]): Figures {
  const ended = runs.filter((run) => run.outcome !== null)
  const good = ended.filter((run) => run.outcome === "succeeded" || run.outcome === "reused")
  const live = runs.filter((run) => run.outcome === null)
  const waiting = live.filter((run) => WAITING.has(run.phase)).length
  return {
    ended: ended.length,
    succeeded: good.length,
    running: live.length - waiting,
    waiting,
    median: median(good.flatMap((run) => (run.seconds === null ? [] : [run.seconds]))),
  }
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}

export interface Bar {
  readonly run: RunInShort
  /** Pixels. */
  readonly height: number
}

/**
 * Runs as bars, the oldest first. The longest fills the height; a run that takes no time at all, or has none yet, is
 * still to be seen. Roots tell short ones apart where one was very long.
 */
export function barsOf(runs: readonly RunInShort[], count: number, height: number, least = 4): Bar[] {
  const shown = runs.slice(0, count).toReversed()
  const longest = Math.max(...shown.map((run) => run.seconds ?? 0), 0)
  return shown.map((run) => {
    const part = longest > 0 && run.seconds !== null ? Math.sqrt(run.seconds / longest) : 0
    return { run, height: Math.round(least + (height - least) * part) }
  })
}
