/** What a backfill can be of, and what it would run in words. */

interface Named {
  readonly key: string
  readonly partitions?: unknown
}

interface Pipeline {
  readonly name: string
  readonly partitions?: unknown
}

/** What a search found: it may be anything, and does not say whether it has partitions. */
interface Found {
  readonly kind: string
  readonly name: string
}

export interface Targets {
  readonly choices: ReadonlyArray<{ group: string; items: string[] }>
  readonly kinds: ReadonlyMap<string, "asset" | "pipeline">
}

/** Pipelines and assets that have partitions; where both have a name the pipeline is meant, as on the command line. */
export function targetsOf(
  assets: readonly Named[],
  pipelines: readonly Pipeline[],
  found: readonly Found[] = [],
): Targets {
  const listed = new Set([...assets.map((each) => each.key), ...pipelines.map((each) => each.name)])
  const further = (kind: string) =>
    found.filter((each) => each.kind === kind && !listed.has(each.name)).map((each) => each.name)
  const ofPipelines = pipelines
    .filter((each) => each.partitions)
    .map((each) => each.name)
    .concat(further("pipeline"))
  const taken = new Set(ofPipelines)
  const ofAssets = assets
    .filter((each) => each.partitions && !taken.has(each.key))
    .map((each) => each.key)
    .concat(further("asset"))
  return {
    choices: [
      { group: "Pipelines", items: ofPipelines },
      { group: "Assets", items: ofAssets },
    ].filter((each) => each.items.length > 0),
    kinds: new Map([
      ...ofPipelines.map((name) => [name, "pipeline"] as const),
      ...ofAssets.map((key) => [key, "asset"] as const),
    ]),
  }
}

/** The partitions in the order in which they run: `2024-01-01, 2024-01-02, … 2024-01-31`. */
export function inOrder(keys: readonly string[]): string {
  if (keys.length === 0) return "Nothing to run: all of it is there."
  if (keys.length <= 3) return `Runs ${keys.join(", ")}`
  return `Runs ${keys[0]}, ${keys[1]}, … ${keys.at(-1)}`
}
