import type { Schema } from "@/api/client"

type Attempt = Pick<Schema["LogView"], "log" | "outcome">

/** The log that the URL names; else what is written now, what failed, or the last one. */
export function chosenOf<Of extends Attempt>(
  logs: readonly Of[],
  log: string,
  live: boolean,
): Of | "live" | null {
  const named = logs.find((each) => each.log === log)
  if (named) return named
  if (live) return "live"
  return (
    logs.findLast((each) => ["failed", "timed_out", "crashed"].includes(each.outcome)) ?? logs.at(-1) ?? null
  )
}
