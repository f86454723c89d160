/** Sets of ordinals as sorted ranges `[start, stop)` that neither touch nor overlap. */

export type Range = readonly [start: number, stop: number]
export type Ranges = readonly Range[]

/** Any ranges in order, those that touch as one. */
export function normal(ranges: Ranges): Ranges {
  const sorted = ranges.filter(([start, stop]) => stop > start).toSorted((a, b) => a[0] - b[0])
  const found: [number, number][] = []
  for (const [start, stop] of sorted) {
    const last = found.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], stop)
    else found.push([start, stop])
  }
  return found
}

export function union(a: Ranges, b: Ranges): Ranges {
  return normal([...a, ...b])
}

/** What is in `a` but not in `b`. */
export function minus(a: Ranges, b: Ranges): Ranges {
  const found: Range[] = []
  const holes = normal(b)
  for (const [start, stop] of normal(a)) {
    let from = start
    for (const hole of holes) {
      if (hole[1] <= from || hole[0] >= stop) continue
      if (hole[0] > from) found.push([from, hole[0]])
      from = hole[1]
    }
    if (from < stop) found.push([from, stop])
  }
  return found
}

/** Add a range, or take it away where all of it is there. */
export function toggled(ranges: Ranges, range: Range): Ranges {
  return minus([range], ranges).length === 0 ? minus(ranges, [range]) : union(ranges, [range])
}

export function includes(ranges: Ranges, ordinal: number): boolean {
  let [low, high] = [0, ranges.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const [start, stop] = ranges[middle] as Range
    if (ordinal < start) high = middle - 1
    else if (ordinal >= stop) low = middle + 1
    else return true
  }
  return false
}

export function count(ranges: Ranges): number {
  return ranges.reduce((sum, [start, stop]) => sum + stop - start, 0)
}

/** As the server reads ordinals: `10-19`, both ends inclusive. */
export function written(ranges: Ranges): string[] {
  return ranges.map(([start, stop]) => `${start}-${stop - 1}`)
}

/** From where a drag began to where it is, whichever comes first; both ends are in it. */
export function between(a: number, b: number): Range {
  return a <= b ? [a, b + 1] : [b, a + 1]
}
