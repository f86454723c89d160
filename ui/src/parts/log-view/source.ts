/** Where the lines of a log come from: pages of a finished one, what a filter finds in it, or what a run writes now. */

export interface LogLine {
  /** From 0, within the whole log. */
  readonly line: number
  readonly text: string
  /** Which worker wrote it, where several write at once. */
  readonly file?: string
}

export interface Source {
  /** How many lines it has, as far as is known. */
  readonly count: number
  /** Whether nothing comes any more. */
  readonly complete: boolean
  /** What went wrong, to be shown in its place. */
  readonly error: unknown
  /** Lines before the first that are no longer kept. */
  readonly dropped: number
  at(index: number): LogLine | undefined
  /** Tells which lines are in view, so that they are fetched. */
  want(from: number, to: number): void
  /** The index of a line of the log, or of the one after it. */
  indexOf(line: number): number
  subscribe(heard: () => void): () => void
  /** Another number after each change. */
  readonly version: number
  close(): void
}

export interface Page {
  readonly lines: ReadonlyArray<{ readonly text: string; readonly line: number; readonly offset: number }>
  readonly next: number | null
  readonly passed: number
}

export interface Index {
  readonly size: number
  readonly lines: number
  readonly pages: ReadonlyArray<readonly number[]>
  /** The line (from 0) at which the error begins that ended the attempt. */
  readonly error: number | null
}

/** What a source asks the server. */
export interface Reader {
  index(signal: AbortSignal): Promise<Index>
  page(
    query: { offset: number; limit?: number; grep?: string; level?: string },
    signal: AbortSignal,
  ): Promise<Page>
}

abstract class Base implements Source {
  count = 0
  complete = false
  error: unknown = null
  dropped = 0
  version = 0
  protected readonly ended = new AbortController()
  private readonly heard = new Set<() => void>()

  abstract at(index: number): LogLine | undefined
  abstract want(from: number, to: number): void
  abstract indexOf(line: number): number

  subscribe(heard: () => void): () => void {
    this.heard.add(heard)
    return () => this.heard.delete(heard)
  }

  protected changed(): void {
    this.version += 1
    for (const each of this.heard) each()
  }

  protected failed(error: unknown): void {
    if (this.ended.signal.aborted) return
    this.error = error
    this.changed()
  }

  close(): void {
    this.ended.abort()
  }
}

/** Pages that are kept; one has some 64 kB. */
const MOST_PAGES = 48

/** A log that is finished: any line of it, by pages. */
export class PagedLog extends Base {
  private index: Index | null = null
  /** The lines of pages by their number, the least recently seen first. */
  private readonly pages = new Map<number, readonly string[]>()
  private readonly asked = new Set<number>()
  private wanted: readonly [number, number] = [0, 0]

  /** `first` is the line that is looked at first: null for the error that ended the attempt, or else the first one. */
  constructor(
    private readonly reader: Reader,
    first: number | null = null,
  ) {
    super()
    reader.index(this.ended.signal).then(
      (index) => {
        this.index = index
        const line = Math.min(first ?? index.error ?? 0, Math.max(0, index.lines - 1))
        if (this.wanted[1] <= this.wanted[0]) this.wanted = [line, line + 1]
        this.count = index.lines
        this.complete = true
        this.changed()
        this.fetch()
      },
      (error: unknown) => this.failed(error),
    )
  }

  at(line: number): LogLine | undefined {
    const page = this.pageOf(line)
    const text = this.pages.get(page)?.[line - (this.index?.pages[page]?.[0] ?? 0)]
    return text === undefined ? undefined : { line, text }
  }

  want(from: number, to: number): void {
    if (this.wanted[0] === from && this.wanted[1] === to) return
    this.wanted = [from, to]
    this.fetch()
  }

  indexOf(line: number): number {
    return line
  }

  /** The line at which the error begins that ended the attempt, null where it has none. */
  get failedAt(): number | null {
    return this.index?.error ?? null
  }

  /** The page that a line is on: the last one that begins at it or before. */
  private pageOf(line: number): number {
    const pages = this.index?.pages ?? []
    let [low, high] = [0, pages.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((pages[middle]?.[0] ?? 0) <= line) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  private fetch(): void {
    if (this.index === null || this.count === 0) return
    const [from, to] = this.wanted
    const last = this.pageOf(Math.max(from, to - 1))
    for (let page = Math.max(0, this.pageOf(from)); page <= last; page += 1) {
      const kept = this.pages.get(page)
      if (kept) {
        this.pages.delete(page)
        this.pages.set(page, kept)
      } else if (!this.asked.has(page)) void this.load(page)
    }
  }

  private async load(page: number): Promise<void> {
    const index = this.index
    const place = index?.pages[page]
    if (!index || !place) return
    this.asked.add(page)
    const [first = 0, offset = 0] = place
    const [nextLine = index.lines, end = index.size] = index.pages[page + 1] ?? []
    const lines: string[] = []
    try {
      let at: number | null = offset
      while (at !== null && at < end) {
        const limit = Math.min(1 << 20, Math.max(1024, end - at + 1))
        const found: Page = await this.reader.page({ offset: at, limit }, this.ended.signal)
        for (const each of found.lines) if (each.offset < end) lines.push(each.text)
        at = found.next
      }
      // a line longer than a page of the server comes in parts: they are one line all the same
      const count = nextLine - first
      if (lines.length > count)
        lines.splice(count - 1, Number.POSITIVE_INFINITY, lines.slice(count - 1).join(""))
      this.pages.set(page, lines)
      for (const old of this.pages.keys()) {
        if (this.pages.size <= MOST_PAGES) break
        this.pages.delete(old)
      }
      this.error = null
      this.changed()
    } catch (error) {
      this.failed(error)
    } finally {
      this.asked.delete(page)
    }
  }
}

/** Lines that a filter keeps at most; beyond them one is asked to be more exact. */
export const MOST_FOUND = 50_000

/** The lines of a log that have a text, or a level or above, found by the server in the whole of it. */
export class FoundLines extends Base {
  readonly found: LogLine[] = []
  /** How much of the log was looked through, of 1. */
  part = 0
  /** Whether there would be more than are kept. */
  cut = false

  constructor(
    private readonly reader: Reader,
    private readonly filter: { readonly grep?: string; readonly level?: string },
    size: number,
  ) {
    super()
    void this.search(size)
  }

  at(index: number): LogLine | undefined {
    return this.found[index]
  }

  want(): void {}

  indexOf(line: number): number {
    let [low, high] = [0, this.found.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.found[middle]?.line ?? 0) < line) low = middle + 1
      else high = middle
    }
    return low
  }

  private async search(size: number): Promise<void> {
    let offset: number | null = 0
    let before = 0
    try {
      while (offset !== null && this.found.length < MOST_FOUND) {
        const query = { offset, limit: 1 << 20, ...this.filter }
        const page: Page = await this.reader.page(query, this.ended.signal)
        for (const each of page.lines) this.found.push({ line: before + each.line, text: each.text })
        before += page.passed
        offset = page.next
        this.part = offset === null || size === 0 ? 1 : offset / size
        this.count = this.found.length
        this.changed()
      }
      this.cut = offset !== null
      this.complete = true
      this.changed()
    } catch (error) {
      this.failed(error)
    }
  }
}

/** Lines of what runs that are kept; the whole is there when its attempt has ended. */
const MOST_LIVE = 200_000

/** What a run writes while it writes it, from its first line on. */
export class LiveLog extends Base {
  private lines: LogLine[] = []
  private total = 0
  private readonly stream: EventSource

  constructor(
    url: string,
    private readonly wanted: ((text: string) => boolean) | null = null,
  ) {
    super()
    this.stream = new EventSource(url)
    this.stream.addEventListener("log", (event) => {
      const { file, text } = JSON.parse(event.data) as { file: string; text: string }
      this.push(file, text)
    })
    this.stream.addEventListener("end", () => {
      this.complete = true
      this.stream.close()
      this.changed()
    })
  }

  push(file: string, text: string): void {
    for (const line of text.replace(/\n$/, "").split("\n")) {
      const number = this.total++
      if (this.wanted === null || this.wanted(line)) this.lines.push({ line: number, text: line, file })
    }
    if (this.lines.length > MOST_LIVE) {
      const over = this.lines.length - MOST_LIVE
      this.lines = this.lines.slice(over)
      this.dropped += over
    }
    this.count = this.lines.length
    this.changed()
  }

  at(index: number): LogLine | undefined {
    return this.lines[index]
  }

  want(): void {}

  indexOf(line: number): number {
    const found = this.lines.findIndex((each) => each.line >= line)
    return found < 0 ? this.lines.length : found
  }

  override close(): void {
    super.close()
    this.stream.close()
  }
}
