import { describe, expect, it } from "vitest"
import { begin, below, type Event, type EventsPage, onTop, shown } from "./feed"
import { markOf, sayingOf, typeWords } from "./words"

const event = (position: number, change: object = {}) =>
  ({
    position,
    at: "2026-11-20T10:00:00Z",
    type: "RunStarted",
    subject: "run:a",
    ...change,
  }) as unknown as Event
const page = (positions: readonly number[], next: string | null): EventsPage => ({
  items: positions.map((each) => event(each)),
  next,
  position: positions[0] ?? 0,
})
const positions = (rows: readonly Event[]) => rows.map((each) => each.position)

describe("the feed of events", () => {
  it("puts what is new on top, once", () => {
    const feed = onTop(begin(page([3, 2, 1], null)), page([5, 4, 3, 2], "x"), false)
    expect(positions(feed.rows)).toEqual([5, 4, 3, 2, 1])
    expect(onTop(feed, page([5, 4, 3], "x"), false)).toBe(feed)
  })

  it("holds back what comes in while one reads, and shows it when asked", () => {
    let feed = onTop(begin(page([2, 1], null)), page([3, 2], "x"), true)
    feed = onTop(feed, page([4, 3], "x"), true)
    expect(positions(feed.rows)).toEqual([2, 1])
    expect(positions(shown(feed).rows)).toEqual([4, 3, 2, 1])
    expect(shown(feed).held).toEqual([])
  })

  it("begins anew where more came in than a page has", () => {
    const feed = onTop(begin(page([2, 1], null)), page([90, 89], "below 89"), false)
    expect(positions(feed.rows)).toEqual([90, 89])
    expect(feed.next).toBe("below 89")
  })

  it("goes on below without doubles", () => {
    const feed = below(begin(page([9, 8], "y")), page([8, 7, 6], null))
    expect(positions(feed.rows)).toEqual([9, 8, 7, 6])
    expect(feed.next).toBeNull()
  })
})

describe("events in words", () => {
  it("names what failed and how", () => {
    const failed = event(1, {
      type: "AttemptFailed",
      step: "etl:load",
      outcome: "failed",
      body: { error: { kind: "ValueError", message: "no file\nsecond line" } },
    })
    expect(sayingOf(failed)).toBe("etl:load · ValueError: no file")
    expect(markOf(failed)).toBe("failed")
  })

  it("says who changed what", () => {
    const change = event(1, {
      type: "ChangeMade",
      body: { by: "ana", action: "runs.cancel", target: "run:a" },
    })
    expect(sayingOf(change)).toBe("ana runs.cancel run:a")
  })

  it("writes a type as words", () => {
    expect(typeWords("RunPriorityChanged")).toBe("run priority changed")
  })
})
