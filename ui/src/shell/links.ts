/** The pages of things, by what names them. Every link to a thing comes from here. */

function query(given: Record<string, string | number | boolean | undefined | null>): string {
  const written = new URLSearchParams()
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && value !== null && value !== "") written.set(name, String(value))
  const text = written.toString()
  return text ? `?${text}` : ""
}

/** Keys may have slashes: `risk/var` is at `/assets/risk/var`. */
export function assetPath(
  key: string,
  view: { tab?: string; partitions?: string; partition?: string; status?: string; against?: string } = {},
): string {
  return `/assets/${key.split("/").map(encodeURIComponent).join("/")}${query(view)}`
}

export function runPath(
  id: string,
  view: { tab?: string; step?: string; partition?: string; log?: string; line?: number } = {},
): string {
  return `/runs/${encodeURIComponent(id)}${query(view)}`
}

export function pipelinePath(name: string, view: { tab?: string } = {}): string {
  return `/pipelines/${encodeURIComponent(name)}${query(view)}`
}

/** The plan of a selection, as it is now. */
export function planPath(of: { select?: string; partitions?: string; force?: boolean }): string {
  return `/plan${query({ ...of, force: of.force ? 1 : undefined })}`
}

export function savedPlanPath(id: string): string {
  return `/plans/${encodeURIComponent(id)}`
}

export function executionPath(id: string): string {
  return `/executions/${encodeURIComponent(id)}`
}

export function schedulePath(name: string): string {
  return `/schedules/${encodeURIComponent(name)}`
}

export function incidentPath(id: string): string {
  return `/incidents/${encodeURIComponent(id)}`
}

/** The page of what an event or an incident is about, such as `asset:orders`; undefined where it has none. */
export function subjectPath(subject: string): string | undefined {
  const colon = subject.indexOf(":")
  const name = subject.slice(colon + 1)
  if (colon < 0 || name === "") return undefined
  switch (subject.slice(0, colon)) {
    case "asset":
      return assetPath(name)
    case "pipeline":
    case "job":
      return pipelinePath(name)
    case "run":
      return runPath(name)
    case "execution":
      return executionPath(name)
    case "plan":
      return savedPlanPath(name)
    case "automation":
      return schedulePath(name)
    case "incident":
      return incidentPath(name)
    case "silence":
      return "/incidents?tab=silences"
    case "location":
    case "worker":
      return "/workers"
    case "pool":
      return "/queue"
    default:
      return undefined
  }
}

/** The list of runs, with its filters. */
export function runsPath(
  filters: {
    pipeline?: string
    state?: string
    partition?: string
    execution?: string
    parent?: string
    automation?: string
    location?: string
    range?: string
    q?: string
  } = {},
): string {
  return `/runs${query(filters)}`
}

/** Two runs side by side. */
export function comparePath(before: string, after: string): string {
  return `/runs/compare${query({ a: before, b: after })}`
}
