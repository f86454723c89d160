/** The latest versions of an asset by the runs that made them. */

interface Made {
  readonly version: string
  readonly partition: string | null
  readonly run: string | null
  readonly at: string
  readonly state: string
}

export interface Burst {
  readonly key: string
  readonly run: string | null
  readonly at: string
  readonly count: number
  readonly rejected: number
  /** `made 2012-10-26`, `made 5,049 partitions`. */
  readonly words: string
}

/** Versions, newest first, gathered by run. Where there are older ones, the last run may have made more than is known. */
export function burstsOf(versions: readonly Made[], older: boolean): readonly Burst[] {
  const runs = new Map<string, Made[]>()
  for (const each of versions) {
    const key = each.run ?? each.version
    const known = runs.get(key)
    if (known) known.push(each)
    else runs.set(key, [each])
  }
  const found = [...runs]
  return found.map(([key, made], place) => {
    const [first] = made as [Made, ...Made[]]
    const more = older && place === found.length - 1 ? " or more" : ""
    const words =
      made.length === 1 && !more
        ? `made ${first.partition ?? "it"}`
        : `made ${made.length.toLocaleString("en-GB")}${more} partitions`
    return {
      key,
      run: first.run,
      at: first.at,
      count: made.length,
      rejected: made.filter((each) => each.state === "rejected").length,
      words,
    }
  })
}
