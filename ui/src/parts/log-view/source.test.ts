import { describe, expect, it } from "vitest"
import { FoundLines, type Index, type Page, PagedLog, type Reader, type Source } from "./source"

/** A server with a log of its own: pages of about `page` bytes, answers of at most `most` bytes. */
function server(lines: readonly string[], page = 64, most = 1 << 20): Reader & { asked: number } {
  const starts: number[] = []
  let size = 0
  for (const line of lines) {
    starts.push(size)
    size += line.length + 1
  }
  const reader = {
    asked: 0,
    async index(): Promise<Index> {
      const pages: Array<readonly [number, number]> = [[0, 0]]
      starts.forEach((start, line) => {
        if (start >= (pages.at(-1)?.[1] ?? 0) + page) pages.push([line, start])
      })
      return { size, lines: lines.length, pages, error: null }
    },
    async page({
      offset,
      limit = 64,
      grep = "",
    }: {
      offset: number
      limit?: number
      grep?: string
    }): Promise<Page> {
      reader.asked += 1
      const first = starts.findIndex((start) => start >= offset)
      const found: Array<{ text: string; line: number; offset: number }> = []
      let at = first
      for (let bytes = 0; at < lines.length; at += 1) {
        const text = lines[at] as string
        bytes += text.length + 1
        if (bytes > Math.min(limit, most) && at > first) break
        if (text.includes(grep)) found.push({ text, line: at - first, offset: starts[at] as number })
      }
      return { lines: found, next: at < lines.length ? (starts[at] as number) : null, passed: at - first }
    },
  }
  return reader
}

function changes(source: Source, until: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => until() && resolve()
    source.subscribe(look)
    look()
  })
}

const LINES = Array.from({ length: 5000 }, (_, at) => `line ${at}${at % 7 === 0 ? " seven" : ""}`)

describe("PagedLog", () => {
  it("has any line of a log and asks only for the pages around it", async () => {
    const reader = server(LINES)
    const log = new PagedLog(reader)
    log.want(4000, 4010)
    await changes(log, () => log.at(4009) !== undefined)
    expect(log.count).toBe(5000)
    for (let line = 4000; line < 4010; line += 1) expect(log.at(line)).toEqual({ line, text: LINES[line] })
    expect(log.at(10)).toBeUndefined()
    expect(reader.asked).toBeLessThan(8)
  })

  it("reads first what is looked at first: a line of a link, or the error at its end", async () => {
    const first = async (line: number | null, error: number | null) => {
      const reader = server(LINES)
      const index = reader.index
      const log = new PagedLog(
        { ...reader, index: async (signal) => ({ ...(await index(signal)), error }) },
        line,
      )
      const at = line ?? error ?? 0
      await changes(log, () => log.at(at) !== undefined)
      return log.at(at)?.text
    }
    expect(await first(null, 4990)).toBe("line 4990")
    expect(await first(1200, 4990)).toBe("line 1200")
    expect(await first(null, null)).toBe("line 0 seven")
  })

  it("keeps a bounded number of pages and has a line again when it is wanted again", async () => {
    const log = new PagedLog(server(LINES))
    for (let from = 0; from < 4990; from += 10) {
      log.want(from, from + 10)
      await changes(log, () => log.at(from) !== undefined && log.at(from + 9) !== undefined)
    }
    expect(log.at(0)).toBeUndefined()
    log.want(0, 10)
    await changes(log, () => log.at(0) !== undefined)
    expect(log.at(0)?.text).toBe("line 0 seven")
  })

  it("says what went wrong", async () => {
    const reader = server(LINES)
    const gone = new Error("The log is gone.")
    const log = new PagedLog({ ...reader, index: () => Promise.reject(gone) })
    await changes(log, () => log.error !== null)
    expect(log.error).toBe(gone)
  })
})

describe("FoundLines", () => {
  it("goes through the whole log and numbers what it finds", async () => {
    const found = new FoundLines(server(LINES, 64, 4096), { grep: "seven" }, 100_000)
    await changes(found, () => found.complete)
    expect(found.found.map((each) => each.line)).toEqual(
      LINES.flatMap((text, at) => (text.includes("seven") ? [at] : [])),
    )
    expect(found.part).toBe(1)
    expect(found.indexOf(8)).toBe(2)
    expect(found.indexOf(14)).toBe(2)
  })
})
