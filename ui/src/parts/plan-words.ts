/** What a plan says in words: what it would run and why, grouped by where the trouble began. */
import type { Schema } from "@/api/client"
import { duration } from "./clock"

export type Outline = Schema["PlanOutline"]

/** Whether two plans run the same: equal numbers of steps may be others. */
export function sameSteps(one: Outline, other: Outline): boolean {
  const steps = (plan: Outline) =>
    plan.rows
      .filter((row) => row.count > 0)
      .map((row) => `${row.name} ${row.partitions} ${row.count}`)
      .sort()
      .join("\n")
  return steps(one) === steps(other)
}
export type Row = Schema["OutlineRow"]
export type Cause = Schema["CauseView"]
/** What is asked to be planned. */
export type Ask = Partial<Schema["NewPlan"]>

/** An ask with everything that is not said as it is by default. */
export function inFull(ask: Ask): Schema["NewPlan"] {
  return {
    select: null,
    partitions: null,
    exact: false,
    only_failed: false,
    keep_going: null,
    rebuild: false,
    repair: null,
    ...ask,
  }
}

/** The same ask as one types it in a shell. */
export function typed(ask: Ask, verb = "plan"): string {
  const quoted = (text: string) =>
    /^[\w.,:/+*=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
  const words = ["weft", verb]
  if (ask.select) words.push(quoted(ask.select))
  if (ask.partitions) words.push("--partitions", quoted(ask.partitions))
  if (ask.exact) words.push("--force")
  if (ask.only_failed) words.push("--failed")
  if (ask.rebuild) words.push("--rebuild")
  return words.join(" ")
}

/** What was asked for, from the words in which an execution or a saved plan keeps it. */
export function askOf(request: string): Ask {
  const words = [...request.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll("'\"'\"'", "'") ?? plain ?? "",
  )
  const ask: Ask = {}
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ""
    if (word === "--partitions") {
      at += 1
      ask.partitions = words[at] ?? null
    } else if (word === "--force") ask.exact = true
    else if (word === "--failed") ask.only_failed = true
    // a backfill says its range as the second word
    else if (ask.select === undefined) ask.select = word
    else ask.partitions = word
  }
  return ask
}

/** A request as people say it: `monthly_report · 2012-10`, `raw and 3 more · 2012-10-26`. */
export function said(request: string): string {
  const ask = askOf(request)
  const words = [namesOf(ask.select ?? "all assets"), partitionsOf(ask.partitions ?? "")]
  if (ask.exact) words.push("whatever its state")
  if (ask.only_failed) words.push("what failed")
  return words.filter(Boolean).join(" · ")
}

/** Whether a run keeps a whole request; else it keeps only a selection, in which blanks are not quoted. */
const isRequest = (text: string) => /^'|\s--(partitions|force|failed)\b/.test(text)

/** What a run says of what it was asked for. */
export function selected(text: string): string {
  return isRequest(text) ? said(text) : namesOf(text)
}

/** What a run was asked for, to ask for it again. */
export function askOfRun(text: string): Ask {
  return isRequest(text) ? askOf(text) : { select: text }
}

/** A selection that only lists keys, as a name and a number; any other as it is. */
function namesOf(selection: string): string {
  const found = selection.split(" or ").map((term) => /^(\+?)key:(?:"([^"]+)"|([\w./-]+))$/.exec(term))
  const names = found.flatMap((each) => (each ? [`${each[1]}${each[2] ?? each[3]}`] : []))
  if (names.length < found.length) return selection
  return names.length > 1 ? `${names[0]} and ${names.length - 1} more` : (names[0] ?? selection)
}

/** Partitions that are given by asset, as those of the first one. */
function partitionsOf(written: string): string {
  return /^[^;[\]]+\[([^\]]*)\]/.exec(written)?.[1] ?? written
}

/** The signs of `weft plan`: the state that each stands for, and what it says. */
export const MARKS: Readonly<Record<Row["mark"], { state: string; says: string }>> = {
  "!": { state: "failed", says: "failed, is tried again" },
  "~": { state: "stale", says: "stale, is made again" },
  "+": { state: "missing", says: "missing, is made" },
  "*": { state: "running", says: "fresh, made again because it was asked for" },
  x: { state: "blocked", says: "held back by something above it" },
  "-": { state: "rejected", says: "rejected by a check" },
  "?": { state: "undecided", says: "waits for a decision" },
  "▶": { state: "running", says: "made by another run now" },
  "=": { state: "fresh", says: "fresh, nothing to do" },
}

/** Marks of rows that the plan leaves alone. */
const LEFT_ALONE: ReadonlySet<Row["mark"]> = new Set(["x", "-", "?", "▶"])

export const leftAlone = (row: Row): boolean => LEFT_ALONE.has(row.mark)

export function plural(count: number, word: string): string {
  return `${count.toLocaleString("en-GB")} ${word}${count === 1 ? "" : "s"}`
}

/** A whole time as it is said: `about 14 min`; empty where it is too short to tell. */
export function about(seconds: number): string {
  if (seconds < 0.05) return ""
  if (seconds < 60) return `about ${seconds < 10 ? Math.max(1, Math.round(seconds)) : Math.round(seconds)} s`
  return `about ${duration(seconds).replace(/ \d\d s$/, "")}`
}

/** How much a plan runs: `4 steps (3 only if inputs change)`. */
export function amount(plan: Outline): string {
  const steps = plan.count - plan.runs
  const perhaps = steps - plan.sure
  const unsure = (count: number, of: number) =>
    count === 0
      ? ""
      : count === of
        ? " (only if inputs change)"
        : ` (${count.toLocaleString("en-GB")} only if inputs change)`
  const ofPipelines = plan.runs ? `${plural(plan.runs, "run")}${unsure(plan.unsure_runs, plan.runs)}` : ""
  if (plan.runs && plan.runs === plan.count) return ofPipelines
  const told = `${plural(steps, "step")}${unsure(perhaps, steps)}`
  return plan.runs ? `${told} and ${ofPipelines} of pipelines` : told
}

/** In few words, for a button: `5 steps · about 14 min`. */
export function inShort(plan: Outline): string {
  const what = plan.runs === plan.count ? plural(plan.count, "run") : plural(plan.count, "step")
  return [what, about(plan.estimate_seconds)].filter(Boolean).join(" · ")
}

/** What to say where nothing is to run, and whether that is good news. */
export function nothing(plan: Outline): { title: string; text: string; good: boolean } {
  if (plan.running)
    return {
      title: "Nothing to do now",
      text: `${plural(plan.running, "partition")} that ${plan.running === 1 ? "is" : "are"} not fresh ${plan.running === 1 ? "is" : "are"} being made by another run.`,
      good: true,
    }
  if (plan.held)
    return {
      title: `Nothing can run: ${plural(plan.held, "partition")} held back`,
      text: "Mend the code or the data, and this plan has what is to do; or accept what is fine as it is.",
      good: false,
    }
  const what = plan.everything ? "assets are" : "of it is"
  return {
    title: "Nothing to do",
    text: plan.fresh ? `All ${what} fresh: ${plural(plan.fresh, "partition")}.` : `All ${what} fresh.`,
    good: true,
  }
}

const TELLING: readonly string[] = [
  "running",
  "failed",
  "check_failed",
  "blocked",
  "code_changed",
  "dependency_changed",
  "data_changed",
  "overdue",
  "upstream",
  "forced",
  "missing",
]

/** Causes, the most telling first; that there is no data is not said beside something that says more. */
export function telling(causes: readonly Cause[]): readonly Cause[] {
  const rank = (cause: Cause) => TELLING.indexOf(cause.kind)
  const sorted = [...causes].sort((one, other) => rank(one) - rank(other))
  const more = sorted.filter((each) => each.kind !== "missing" && each.kind !== "forced")
  const seen = new Set<string>()
  return (more.length ? more : sorted.slice(0, 1)).filter((each) => {
    const name = `${each.kind} ${each.subject} ${each.partition} ${each.detail}`
    return !seen.has(name) && seen.add(name) !== undefined
  })
}

/** Where a chain of causes begins. */
export function rootOf(cause: Cause): Cause {
  let root = cause
  while (root.root) root = root.root
  return root
}

/** The chain from a cause to where it begins. */
export function chain(cause: Cause): readonly Cause[] {
  const links: Cause[] = []
  for (let at: Cause | null | undefined = cause; at; at = at.root) links.push(at)
  return links
}

export interface Group {
  readonly key: string
  /** Where the trouble of its rows began; null where it is only that there is no data yet, or that it was asked for. */
  readonly root: Cause | null
  readonly title: string
  readonly rows: readonly Row[]
}

/** The rows that are run, by root cause, in the order of the plan; what only was never made comes last. */
export function grouped(rows: readonly Row[]): readonly Group[] {
  const groups = new Map<string, { root: Cause | null; title: string; rows: Row[] }>()
  for (const row of rows) {
    const first = telling(row.causes)[0]
    const root = first ? rootOf(first) : null
    const plain = root === null || root.kind === "missing" || root.kind === "forced"
    const key = plain
      ? (root?.kind ?? "missing")
      : `${root.kind} ${root.subject} ${root.partition} ${root.run}`
    const before = groups.get(key)
    if (before) before.rows.push(row)
    else groups.set(key, { root: plain ? null : root, title: titleOf(root), rows: [row] })
  }
  const found = [...groups].map(([key, group]) => ({ key, ...group }))
  return [...found.filter((each) => each.root !== null), ...found.filter((each) => each.root === null)]
}

function titleOf(root: Cause | null): string {
  if (root === null || root.kind === "missing") return "Never made"
  if (root.kind === "forced") return "Asked for, whatever its state"
  return subjectOf(root)
}

/** `raw_trades 2012-10-26|IBM`: what a cause is about. */
export function subjectOf(cause: Cause): string {
  return cause.partition ? `${cause.subject} ${cause.partition}` : cause.subject
}

/** What happened to the subject of a cause, as the rest of a sentence that begins with it. */
export function happened(cause: Cause): string {
  switch (cause.kind) {
    case "missing":
      return "has no data"
    case "failed":
      return cause.detail ? `failed: ${cause.detail}` : "failed"
    case "check_failed":
      return `was rejected: ${cause.detail.replace(/^CheckFailed: /, "")}`
    case "code_changed":
      return cause.detail && cause.detail !== cause.subject
        ? `has other code: ${cause.detail}`
        : "has other code"
    case "data_changed":
    case "dependency_changed":
    case "upstream":
      return cause.detail || "changed"
    case "overdue":
      return `is ${cause.detail || "overdue"}`
    case "blocked":
      return cause.detail || "is held back"
    case "running":
      return "is being made by another run"
    case "forced":
      return "was asked for"
    default:
      return cause.detail || cause.kind.replaceAll("_", " ")
  }
}

/** Whether the subject of a cause is an asset or pipeline that has a page; of changed code it may be a function. */
export const hasPage = (cause: Cause): boolean => cause.kind !== "code_changed"

/** What would lift what keeps a row from running. */
export function lift(row: Row): string {
  const first = telling(row.causes)[0]
  const root = first ? rootOf(first) : null
  switch (row.mark) {
    case "-":
      return "Mend the code or the data that it is made from, and it is made again; or accept it as it is."
    case "x":
      return root && root.subject !== row.name
        ? `Goes on once ${root.subject} is right or was accepted.`
        : "Goes on once what it reads is right or was accepted."
    case "?":
      return "Accept the data that is there, or plan with what waits for a decision."
    case "▶":
      return "Nothing to do: it is being made."
    default:
      return ""
  }
}
