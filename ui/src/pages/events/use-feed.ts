import { useCallback, useEffect, useRef, useState } from "react"
import { http } from "@/api/client"
import { onChange } from "@/api/live"
import { asProblem, type Problem } from "@/api/problem"
import { begin, below, type EventsPage, type Feed, onTop, shown } from "./feed"

export interface Wanted {
  readonly types: readonly string[]
  readonly run: string
  readonly q: string
}

const AT_ONCE = 100

/**
 * The newest events, as they come in, and those before them as one goes down. `hold` is asked whether what comes in is
 * to be kept back. Only the newest page is asked for at a change: the stream tells that there is something, not what.
 */
export function useFeed(wanted: Wanted, hold: () => boolean) {
  const [feed, setFeed] = useState<Feed | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [again, setAgain] = useState(0)
  const fetching = useRef(false)
  const holding = useRef(hold)
  holding.current = hold
  const key = JSON.stringify(wanted)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the wish is known by its text, and `again` asks anew
  useEffect(() => {
    const ended = new AbortController()
    let busy = false
    let missed = false
    const ask = async (first: boolean) => {
      if (busy) {
        missed = true
        return
      }
      busy = true
      try {
        const page = await pageOf(wanted, null, ended.signal)
        setFeed((before) => (first || before === null ? begin(page) : onTop(before, page, holding.current())))
        setProblem(null)
      } catch (error) {
        if (!ended.signal.aborted) setProblem(asProblem(error))
      } finally {
        busy = false
        if (missed && !ended.signal.aborted) {
          missed = false
          void ask(false)
        }
      }
    }
    void ask(true)
    const end = onChange(() => void ask(false))
    return () => {
      end()
      ended.abort()
    }
  }, [key, again])
  const next = feed?.next ?? null
  // biome-ignore lint/correctness/useExhaustiveDependencies: the wish is known by its text
  const more = useCallback(() => {
    if (next === null || fetching.current) return
    fetching.current = true
    pageOf(wanted, next, null)
      .then((page) => setFeed((before) => before && below(before, page)))
      .catch((error: unknown) => setProblem(asProblem(error)))
      .finally(() => {
        fetching.current = false
      })
  }, [key, next])
  return {
    feed,
    problem,
    more: next === null ? undefined : more,
    show: useCallback(() => setFeed((before) => before && shown(before)), []),
    retry: useCallback(() => setAgain((before) => before + 1), []),
  }
}

async function pageOf(
  wanted: Wanted,
  cursor: string | null,
  signal: AbortSignal | null,
): Promise<EventsPage> {
  const { data } = await http.GET("/api/v1/ledger/events", {
    params: {
      query: {
        order: "newest",
        limit: AT_ONCE,
        ...(wanted.types.length > 0 ? { types: [...wanted.types] } : {}),
        ...(wanted.run ? { run: wanted.run } : {}),
        ...(wanted.q ? { q: wanted.q } : {}),
        ...(cursor ? { cursor } : {}),
      },
    },
    signal,
  })
  return data as EventsPage
}
