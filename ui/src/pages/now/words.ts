/** What *Now* says, in words. */
import type { Schema } from "@/api/client"
import { WORST_FIRST } from "@/theme/states"

export type Now = Schema["NowView"]
export type Trouble = Now["troubles"][number]
export type Counts = Now["counts"]

const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]

/** `2 things are broken`, `One thing is broken`, `Nothing is broken`. */
export function title({ broken, late, stale }: Counts): string {
  if (broken === 0) return late + stale > 0 ? "Nothing is broken" : "All is well"
  return broken === 1
    ? "One thing is broken"
    : `${broken < 10 ? NUMBERS[broken] : grouped(broken)} things are broken`
}

/** What follows from it, each part with its number. */
export function consequences(counts: Counts): string[] {
  const parts: string[] = []
  const add = (number: number, one: string, several = one) => {
    if (number > 0) parts.push(`${grouped(number)} ${number === 1 ? one : several}`)
  }
  add(counts.hit_partitions, "partition hit below", "partitions hit below")
  add(counts.late, "late")
  add(counts.stale, "stale by itself", "stale by themselves")
  add(counts.due_soon, "due soon")
  add(counts.fresh, "fresh")
  add(counts.never_made, "never made")
  return parts
}

/** 12,345 with thin marks between thousands, as everywhere. */
export function grouped(number: number): string {
  return number.toLocaleString("en-US")
}

/** What happened to the root, between its name and its partitions: `failed for`, `changed in`. */
export function verb(trouble: Trouble): string {
  const named = trouble.root.partitions !== null
  if (trouble.root.kind === "function") return "changed"
  switch (trouble.kind) {
    case "failed":
    case "run_failed":
      return named ? "failed for" : "failed"
    case "rejected":
      return named ? "was rejected by a check for" : "was rejected by a check"
    case "late":
      return named ? "is late for" : "is late"
    case "stale":
      // the root of changed data is what changed; what reads it is stale
      if (trouble.why === "data_changed") return named ? "changed in" : "changed"
      return named ? "is stale in" : "is stale"
    case "location_failed":
      return "does not load"
    default:
      return trouble.kind.replaceAll("_", " ")
  }
}

const MARKS: Readonly<Record<string, string>> = { run_failed: "failed", location_failed: "failed" }

/** The mark of a trouble, as a state's word. */
export function markOf(trouble: Trouble): string {
  return MARKS[trouble.kind] ?? trouble.kind
}

const CHANGES: Readonly<Record<string, string>> = {
  code_changed: "Its code is another one than what made it.",
  data_changed: "What was made from it before is stale.",
  dependency_changed: "It reads something that it did not read before.",
  schedule: "A schedule has asked for it, and it was not made.",
}

/** Why something is stale or late, in words, where there is no error. */
export function reason(trouble: Trouble): string {
  return [CHANGES[trouble.why] ?? trouble.detail, trouble.remedy].filter(Boolean).join(" ")
}

/** The state of what a trouble hits: the worst that some of its partitions have. */
export function hitState(hit: Trouble["hits"][number]): string {
  if (hit.late) return "late"
  return WORST_FIRST.find((word) => hit.states[word]) ?? "blocked"
}

/** What can be done with a trouble, on its button. */
export function action(trouble: Trouble): string {
  if (trouble.repair?.rerun) return "Re-run"
  return trouble.kind === "stale" || trouble.kind === "late" ? "Refresh" : "Repair"
}

/** `5 steps · about 14 min`; only what is known. */
export function repairWords(repair: NonNullable<Trouble["repair"]>): string {
  const steps = repair.steps > 0 ? `${grouped(repair.steps)} ${repair.steps === 1 ? "step" : "steps"}` : ""
  const time = repair.seconds ? `about ${about(repair.seconds)}` : ""
  return [steps, time].filter(Boolean).join(" · ")
}

/** A duration as one says it: `20 s`, `14 min`, `3 h`. */
export function about(seconds: number): string {
  if (seconds < 1) return "1 s"
  if (seconds < 100) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}

/** Partitions where they fit in a line, else their number: `2012-10-26|IBM`, `1,159 partitions`. */
export function shortPartitions(written: string, count: number, most = 48): string {
  return written.length <= most || count < 2 ? written : `${grouped(count)} partitions`
}
