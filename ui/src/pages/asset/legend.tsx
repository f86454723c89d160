import { StateMark } from "@/parts/state-mark"
import { stateOf, WORST_FIRST } from "@/theme/states"
import classes from "./asset.module.css"

interface LegendProps {
  readonly counts: Readonly<Record<string, number>>
  readonly pressed: readonly string[]
  readonly onPress: (status: string) => void
}

/** What the colours mean, and how many there are of each; a press shows those alone. */
export function Legend({ counts, pressed, onPress }: LegendProps) {
  const words = Object.keys(counts).toSorted((a, b) => place(a) - place(b))
  return (
    <div className={classes.legend} role="group" aria-label="Partitions by status">
      {words.map((word) => (
        <button
          key={word}
          type="button"
          aria-pressed={pressed.includes(word)}
          onClick={() => onPress(word)}
          title={pressed.includes(word) ? "Show all again" : `Show what is ${stateOf(word).label}`}
        >
          <StateMark state={word} label="" />
          <b>{(counts[word] ?? 0).toLocaleString("en-GB")}</b> {stateOf(word).label}
        </button>
      ))}
    </div>
  )
}

function place(word: string): number {
  const found = (WORST_FIRST as readonly string[]).indexOf(word)
  return found < 0 ? 99 : found
}
