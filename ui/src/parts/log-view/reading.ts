/** What a log viewer asks the server: pages, the index, whole texts to be copied. */
import { apiUrl, http } from "@/api/client"
import { stripAnsi } from "./ansi"
import { type Level, levels } from "./record"
import { PagedLog, type Reader } from "./source"

export const LEVELS = [
  { value: "", label: "All levels" },
  { value: "DEBUG", label: "Debug and above" },
  { value: "INFO", label: "Info and above" },
  { value: "WARNING", label: "Warning and above" },
  { value: "ERROR", label: "Error and above" },
]

export function readerOf(run: string, log: string): Reader {
  const path = { id: run, log }
  return {
    index: async (signal) =>
      given(await http.GET("/api/v1/runs/{id}/logs/{log}/index", { params: { path }, signal })),
    page: async ({ level, ...query }, signal) =>
      given(
        await http.GET("/api/v1/runs/{id}/logs/{log}", {
          params: { path, query: { ...query, fold: true, level: (level || null) as Level | null } },
          signal,
        }),
      ),
  }
}

/** The answer; refusals were thrown already. */
function given<T>({ data }: { data?: T }): T {
  if (data === undefined) throw new Error("The server answered without a body.")
  return data
}

/** Bytes that are copied at most. */
export const COPIED = 20 << 20

/** What of a live log is shown, decided here as it comes. */
export function wantedLive(level: string, find: string): ((text: string) => boolean) | null {
  if (level === "" && find === "") return null
  const order = [...LEVELS.map((each) => each.value), "CRITICAL"]
  const least = order.indexOf(level)
  const levelOf = levels()
  return (text) => order.indexOf(levelOf(text)) >= least && text.toLowerCase().includes(find.toLowerCase())
}

/** Lines of a log from the server, also those that are not in view. */
export async function linesOf(run: string, log: string, from: number, to: number): Promise<string> {
  const source = new PagedLog(readerOf(run, log), from - 1)
  try {
    const found: string[] = []
    for (let at = from - 1; at < to; at += 1) {
      while (source.at(at) === undefined) {
        if (source.error !== null) throw source.error
        if (source.complete && at >= source.count) return stripped(found)
        source.want(at, at + 1)
        await new Promise<void>((resolve) => {
          const end = source.subscribe(() => {
            end()
            resolve()
          })
        })
      }
      found.push(source.at(at)?.text ?? "")
    }
    return stripped(found)
  } finally {
    source.close()
  }
}

/** The whole of a log, without colours. */
export async function textOf(run: string, log: string): Promise<string> {
  const answer = await fetch(apiUrl(`/runs/${encodeURIComponent(run)}/logs/${log}/text`))
  if (!answer.ok) throw new Error(`The log could not be read: the server answered with ${answer.status}.`)
  return stripped((await answer.text()).split("\n"))
}

export function stripped(lines: readonly string[]): string {
  return lines.map(stripAnsi).join("\n")
}
