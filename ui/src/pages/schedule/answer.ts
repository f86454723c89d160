/** What a sensor's function came to when it was tried; the API leaves the answers of operations open. */

export interface SensorAnswer {
  readonly requests: ReadonlyArray<{
    readonly key: string | null
    readonly params: Readonly<Record<string, unknown>>
    readonly partition: string | null
    /** Whether it was asked for before, so that it starts nothing. */
    readonly decided: boolean
  }>
  readonly skip: string
  readonly cursor: string
  readonly error: string
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null
const text = (value: unknown): string => (typeof value === "string" ? value : "")

/** The answer, or null where it is none of a sensor. */
export function answerOf(given: unknown): SensorAnswer | null {
  if (!isRecord(given) || !Array.isArray(given.requests)) return null
  return {
    requests: given.requests.filter(isRecord).map((each) => ({
      key: text(each.key) || null,
      params: isRecord(each.params) ? each.params : {},
      partition: text(each.partition) || null,
      decided: each.decided === true,
    })),
    skip: text(given.skip),
    cursor: text(given.cursor),
    error: text(given.error),
  }
}
