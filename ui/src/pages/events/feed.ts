/** The feed: the log from its newest event down, and how what comes in is put on top of it. */
import type { Schema } from "@/api/client"

export type Event = Schema["EventView"]
export type EventsPage = Schema["EventsLogPage"]

export interface Feed {
  /** What is shown, the newest first. */
  readonly rows: readonly Event[]
  /** What has come in since, and is held back while one reads further down. */
  readonly held: readonly Event[]
  /** Where the log goes on below; null at its beginning. */
  readonly next: string | null
}

/** Most rows that are kept; below them the log is asked again. */
export const MOST = 5000

export function begin(page: EventsPage): Feed {
  return { rows: page.items, held: [], next: page.next }
}

/** The page with the newest events, put on top: what is known already is left out. */
export function onTop(feed: Feed, page: EventsPage, hold: boolean): Feed {
  const known = feed.held[0]?.position ?? feed.rows[0]?.position ?? 0
  const fresh = page.items.filter((each) => each.position > known)
  if (fresh.length === 0) return feed
  // more came in than a page has: what lies between is not known, so the feed begins anew
  if (fresh.length === page.items.length && page.next !== null && known > 0)
    return hold ? { ...feed, held: fresh } : begin(page)
  const held = [...fresh, ...feed.held]
  return hold ? { ...feed, held: held.slice(0, MOST) } : shown({ ...feed, held })
}

/** What was held back is shown. */
export function shown(feed: Feed): Feed {
  if (feed.held.length === 0) return feed
  return { ...feed, rows: [...feed.held, ...feed.rows], held: [] }
}

/** Further events below. */
export function below(feed: Feed, page: EventsPage): Feed {
  const last = feed.rows.at(-1)?.position ?? Number.POSITIVE_INFINITY
  return {
    ...feed,
    rows: [...feed.rows, ...page.items.filter((each) => each.position < last)],
    next: feed.rows.length >= MOST ? null : page.next,
  }
}
