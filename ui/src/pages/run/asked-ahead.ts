/**
 * What a run's page is sure to ask for, asked for when its module is there and not when React comes to it: the run, and
 * where the log is shown the attempts, and where the lines of the one are that will be shown.
 */
import { askAhead } from "@/api/ahead"
import type { Schema } from "@/api/client"
import { readUrl } from "@/shell/url-state"
import { chosenOf } from "./chosen-log"
import { FIELDS, isLive } from "./state"

export async function askRunAhead(): Promise<void> {
  const [, id] = /\/runs\/([^/]+)$/.exec(location.pathname) ?? []
  if (id === undefined || id === "compare") return
  const { tab, log, partition } = readUrl(FIELDS)
  const asked = askAhead(`/api/v1/runs/${id}`, {})
  if (tab !== "logs") return
  const attempts = askAhead(`/api/v1/runs/${id}/logs`, { limit: 500, ...(partition ? { partition } : {}) })
  const [run, page] = (await Promise.all([bodyOf(asked), bodyOf(attempts)])) as [
    Schema["RunNow"] | null,
    { readonly items: readonly Schema["LogView"][] } | null,
  ]
  if (run === null || page === null) return
  const logs = page.items.filter((each) => each.log !== null)
  const chosen = chosenOf(logs, log, isLive(run))
  if (chosen !== null && chosen !== "live") void askAhead(`/api/v1/runs/${id}/logs/${chosen.log}/index`, {})
}

/** What was answered, read beside those to whom it is given; a refusal is theirs. */
async function bodyOf(answer: Promise<Response>): Promise<unknown> {
  try {
    const response = (await answer).clone()
    return response.ok ? await response.json() : null
  } catch {
    return null
  }
}
