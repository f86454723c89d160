import classes from "./plan.module.css"

export interface Counts {
  readonly total: number
  readonly succeeded: number
  readonly unchanged: number
  readonly failed: number
  readonly left_out: number
  readonly cancelled: number
  readonly running: number
}

const PARTS: ReadonlyArray<readonly [name: keyof Counts, colour: string, word: string]> = [
  ["succeeded", "var(--fresh)", "succeeded"],
  ["unchanged", "var(--fresh-soft)", "unchanged"],
  ["failed", "var(--failed)", "failed"],
  ["left_out", "var(--blocked)", "left out"],
  ["cancelled", "var(--missing)", "cancelled"],
  ["running", "var(--running)", "running"],
]

/** In words: `44 succeeded, 2 failed, 3 running`. */
export function inWords(counts: Counts): string {
  return PARTS.filter(([name]) => counts[name] > 0)
    .map(([name, , word]) => `${counts[name].toLocaleString("en-GB")} ${word}`)
    .join(", ")
}

/** How far something is: what succeeded, failed and runs, of all that is to be done. */
export function PlanBar({ counts, label, tall = false }: { counts: Counts; label: string; tall?: boolean }) {
  const done = counts.succeeded + counts.unchanged + counts.failed + counts.left_out + counts.cancelled
  const total = Math.max(counts.total, done + counts.running, 1)
  return (
    <div
      className={tall ? `${classes.bar} ${classes.tall}` : classes.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={counts.total}
      aria-valuenow={Math.min(done, counts.total)}
      aria-valuetext={inWords(counts) || "nothing yet"}
      title={inWords(counts) || "nothing yet"}
    >
      {PARTS.map(([name, colour]) =>
        counts[name] > 0 ? (
          <span
            key={name}
            style={{ background: colour, width: `${(counts[name] / total) * 100}%`, minWidth: 2 }}
          />
        ) : null,
      )}
    </div>
  )
}
