/** Which of the runs that wait are chosen, to do something with them. */
import { useCallback, useMemo, useState } from "react"
import type { Schema } from "@/api/client"

type Queued = Schema["QueuedView"]

export interface Chosen {
  readonly runs: readonly string[]
  readonly all: "none" | "some" | "all"
  readonly has: (run: string) => boolean
  readonly set: (run: string, chosen: boolean) => void
  readonly setAll: (chosen: boolean) => void
  readonly clear: () => void
}

/** The choice among the rows that are shown; a run that has begun, or is filtered away, is chosen no more. */
export function useChosen(rows: readonly Queued[]): Chosen {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const clear = useCallback(() => setPicked(new Set()), [])
  const set = useCallback(
    (run: string, chosen: boolean) =>
      setPicked((before) => {
        const next = new Set(before)
        if (chosen) next.add(run)
        else next.delete(run)
        return next
      }),
    [],
  )
  return useMemo(() => {
    const runs = rows.map((row) => row.run).filter((run) => picked.has(run))
    return {
      runs,
      all: runs.length === 0 ? "none" : runs.length === rows.length ? "all" : "some",
      has: (run) => picked.has(run),
      set,
      setAll: (chosen) => setPicked(new Set(chosen ? rows.map((row) => row.run) : [])),
      clear,
    }
  }, [clear, picked, rows, set])
}

/** Whether all words stand in what is shown of a run that waits. */
export function fits(row: Queued, words: string): boolean {
  const shown = [
    row.pipeline ?? "assets",
    row.partition,
    row.run,
    row.pool,
    row.by,
    ...row.reasons.map((each) => each.text),
  ]
    .join(" ")
    .toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => shown.includes(word))
}

/**
 * Do something with each of many runs, a few at once; tells how many it was done with, and the first refusal.
 * A run may have begun meanwhile: what can't be done with one does not keep it from the others.
 */
export async function forEach(
  runs: readonly string[],
  act: (run: string) => Promise<unknown>,
  atOnce = 6,
): Promise<{ done: number; refused: number; first: unknown }> {
  const waiting = [...runs]
  let done = 0
  let refused = 0
  let first: unknown
  const work = async () => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      try {
        await act(run)
        done += 1
      } catch (error) {
        refused += 1
        first ??= error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, runs.length) }, work))
  return { done, refused, first }
}
