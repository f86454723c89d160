/**
 * The items of the mapped steps that are unfolded, read for the runs in view, newest first, one question at a time.
 *
 * What was read of a run holds until the counts of its cell are others, so that only runs under way are asked for again.
 */
import { useEffect, useMemo, useRef, useState } from "react"
import { http } from "@/api/client"
import type { Run } from "./cells"
import { answered, type ItemsOfRun, StepItems } from "./items"

type Kept = ReadonlyMap<string, ReadonlyMap<string, ItemsOfRun>>

export interface Question {
  readonly task: string
  /** Ids, each with what its cell was. */
  readonly keys: ReadonlyMap<string, string>
}

/** So many items are asked for at once, about, and so many runs at most. */
const ITEMS = 60_000
const RUNS = 25

const EMPTY: ReadonlyMap<string, ItemsOfRun> = new Map()

function keyOf(run: Run, task: string): string | null {
  const cell = run.cells[task]
  return cell === undefined ? null : JSON.stringify([cell.counts, cell.attempts, cell.seconds])
}

/** What to ask for next: of the first step that lacks something the newest runs; null where all is known. */
export function nextQuestion(open: readonly string[], seen: readonly Run[], kept: Kept): Question | null {
  for (const task of open) {
    const keys = new Map<string, string>()
    let items = 0
    for (const run of seen.toReversed()) {
      const key = keyOf(run, task)
      if (key === null || kept.get(task)?.get(run.run.id)?.key === key) continue
      const count = Object.values(run.cells[task]?.counts ?? {}).reduce((a, b) => a + b, 0)
      if (keys.size > 0 && (items + count > ITEMS || keys.size >= RUNS)) break
      keys.set(run.run.id, key)
      items += count
    }
    if (keys.size > 0) return { task, keys }
  }
  return null
}

export function useItems(name: string, open: readonly string[], seen: readonly Run[]) {
  const [kept, setKept] = useState<Kept>(new Map())
  const [asking, setAsking] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const here = useRef(true)
  useEffect(() => {
    here.current = true
    return () => {
      here.current = false
    }
  }, [])

  const question = useMemo(() => nextQuestion(open, seen, kept), [open, seen, kept])
  useEffect(() => {
    if (asking || error !== null || question === null) return
    const { task, keys } = question
    setAsking(true)
    const query = { step: task, run: [...keys.keys()] }
    http
      .GET("/api/v1/pipelines/{name}/grid/items", { params: { path: { name }, query } })
      .then(
        ({ data }) => {
          if (!data || !here.current) return
          setKept((before) => {
            const ofTask = new Map(before.get(task) ?? EMPTY)
            for (const [run, items] of answered(data, keys)) ofTask.set(run, items)
            return new Map(before).set(task, ofTask)
          })
        },
        (refused: unknown) => here.current && setError(refused),
      )
      .finally(() => here.current && setAsking(false))
  }, [asking, error, question, name])

  const items = useMemo(
    () => new Map(open.map((task) => [task, new StepItems(kept.get(task) ?? EMPTY)])),
    [open, kept],
  )
  return { items, asking: question !== null && error === null, error, retry: () => setError(null) }
}
