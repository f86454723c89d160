/**
 * Keeps every screen true without a reload.
 *
 * One stream of changes a browser (uvicorn speaks HTTP/1.1, and browsers open six connections an origin): the tab that
 * holds a lock reads it and passes it on to the others. A change makes the queries on the screen that it touches ask
 * again, each not more often than its own answers take, so that a busy ledger slows nothing down.
 */
import type { Query, QueryClient } from "@tanstack/react-query"
import { create } from "zustand"
import { apiUrl, http } from "./client"
import { asProblem } from "./problem"

/** What a digest of `GET /changes` says. A list that is null was too long to tell. */
export interface Change {
  readonly position: number
  readonly at?: string
  readonly runs?: readonly string[] | null
  readonly assets?: readonly string[] | null
  readonly pipelines?: readonly string[] | null
  readonly kinds?: readonly string[]
  readonly many?: boolean
}

interface Link {
  /** `live` while changes come, `lost` since when they don't. */
  readonly state: "connecting" | "live" | "lost"
  readonly position: number
  readonly since: number
}

export const useLink = create<Link>(() => ({ state: "connecting", position: 0, since: Date.now() }))

const listeners = new Set<(change: Change) => void>()

/** Call `heard` with each change; the function that is returned ends it. */
export function onChange(heard: (change: Change) => void): () => void {
  listeners.add(heard)
  return () => listeners.delete(heard)
}

const LOCK = "weft-changes"
const CHANNEL = "weft-changes"
/** Milliseconds between two askings of one query, at the least. */
const PAUSE = 400

/** Begin to follow the server's changes; the function that is returned ends it. */
export function follow(client: QueryClient): () => void {
  const ended = new AbortController()
  const channel = new BroadcastChannel(`${CHANNEL}:${apiUrl("")}`)
  const hear = (message: Message) => {
    if (message.link) useLink.setState(message.link)
    if (message.link?.state === "lost") stillIn()
    if (message.change) {
      useLink.setState({ position: message.change.position })
      for (const each of listeners) each(message.change)
      ask(client, message.change)
    }
    if (message.anew) ask(client, null)
  }
  channel.onmessage = (event: MessageEvent<Message>) => hear(event.data)
  const tell = (message: Message) => {
    channel.postMessage(message)
    hear(message)
  }
  const lead = () => read(tell, ended.signal)
  if (navigator.locks) {
    navigator.locks
      .request(`${LOCK}:${apiUrl("")}`, { signal: ended.signal }, lead)
      .catch((error: unknown) => {
        if (!ended.signal.aborted) throw error
      })
    // another tab may read the stream already: until it says otherwise, what it tells is taken as live
    navigator.locks.query().then((locks) => {
      const held = locks.held?.some((each) => each.name === `${LOCK}:${apiUrl("")}`)
      if (held && useLink.getState().state === "connecting") useLink.setState({ state: "live" })
    })
  } else {
    // without locks (plain http on another host) each tab reads for itself
    void lead()
  }
  return () => {
    ended.abort()
    channel.close()
  }
}

/** Find out whether the stream broke off because the session has ended: a refusal of this makes the door shut. */
function stillIn(): void {
  http.GET("/api/v1/me").catch((error: unknown) => {
    // a server that is away is told by the state of the link; it is asked for again until it is back
    if (![0, 401, 502, 503, 504].includes(asProblem(error).status)) throw error
  })
}

interface Message {
  readonly link?: Link
  readonly change?: Change
  /** Something may have been missed: all that is shown is asked for again. */
  readonly anew?: boolean
}

function read(tell: (message: Message) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let position = 0
    let lost = false
    let stream: EventSource | null = null
    let again: ReturnType<typeof setTimeout> | undefined
    const open = () => {
      stream = new EventSource(apiUrl("/changes", { after: position || undefined }))
      stream.addEventListener("hello", (event) => {
        position = (JSON.parse(event.data) as Change).position
        tell({ link: { state: "live", position, since: Date.now() }, anew: lost })
        lost = false
      })
      stream.addEventListener("change", (event) => {
        const change = JSON.parse(event.data) as Change
        position = change.position
        tell({ change })
      })
      stream.onerror = () => {
        if (!lost) tell({ link: { state: "lost", position, since: Date.now() } })
        lost = true
        // the browser tries again by itself, but not after a refusal
        if (stream?.readyState === EventSource.CLOSED) again = setTimeout(open, 2000)
      }
    }
    open()
    signal.addEventListener("abort", () => {
      clearTimeout(again)
      stream?.close()
      resolve()
    })
  })
}

interface Asked {
  /** When it was asked last, and how long the answer took, in milliseconds. */
  at: number
  took: number
  due?: ReturnType<typeof setTimeout>
}

const asked = new WeakMap<Query, Asked>()

/** Make the queries on the screen that a change touches ask again, after a pause twice as long as their answers take. */
function ask(client: QueryClient, change: Change | null): void {
  for (const query of client.getQueryCache().getAll()) {
    if (!touches(query.queryKey, change)) continue
    if (!query.isActive()) {
      query.invalidate()
      continue
    }
    const before = asked.get(query) ?? { at: 0, took: 0 }
    if (before.due !== undefined) continue
    const wait = Math.max(0, before.at + Math.max(PAUSE, 2 * before.took) - Date.now())
    before.due = setTimeout(() => {
      before.due = undefined
      before.at = Date.now()
      void client
        .invalidateQueries({ queryKey: query.queryKey, exact: true, refetchType: "active" })
        .then(() => {
          before.took = Date.now() - before.at
        })
    }, wait)
    asked.set(query, before)
  }
}

/** What never changes by itself. */
const STILL = ["/api/v1/openapi.json", "/api/v1/me", "/api/v1/search"]

/** Whether an answer may be another one after a change; `[method, path, init]` is its key. */
export function touches(key: readonly unknown[], change: Change | null): boolean {
  const [, path, init] = key as [string?, string?, { params?: { path?: Record<string, string> } }?]
  if (typeof path !== "string" || STILL.includes(path)) return false
  if (change === null) return true
  const named = init?.params?.path
  if (path.startsWith("/api/v1/runs/{id}") && change.runs)
    return change.runs.some((each) => each === named?.id || each.startsWith(named?.id ?? " "))
  if (path.startsWith("/api/v1/assets/{key}") && change.assets)
    return change.assets.includes(named?.key ?? "") || (change.kinds ?? []).includes("definition")
  return true
}
