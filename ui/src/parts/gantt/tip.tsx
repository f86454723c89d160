import { duration } from "@/parts/clock"
import { StateWord } from "@/parts/state-mark"
import { stateOf } from "@/theme/states"
import { sinceWords } from "./axis"
import classes from "./gantt.module.css"
import type { Line, Part } from "./model"

interface TipProps {
  readonly line: Line
  readonly part: Part | null
  readonly origin: number
  readonly now: number
  readonly critical: boolean
  readonly x: number
  readonly y: number
  readonly width: number
}

const SAID = {
  ready: "Could begin, waits for a place",
  starting: "Handed to a worker, not begun",
  rest: "Waits for its next attempt",
  run: "Runs",
  span: "",
}

/** What a bar stands for, in words. */
export function Tip({ line, part, origin, now, critical, x, y, width }: TipProps) {
  const seconds = (from: number, to: number | null) => duration(((to ?? now) - from) / 1000)
  return (
    <div className={classes.tip} style={{ left: Math.min(x + 14, width - 300), top: y + 16 }}>
      <StateWord state={line.state}>
        {line.kind === "run"
          ? `run of ${line.label}`
          : line.item && line.kind === "item"
            ? `item ${line.label}`
            : line.label}
      </StateWord>
      {critical && <div>On the critical path: the end of the run waited for it.</div>}
      <dl>
        {line.begun !== null && (
          <>
            <dt>After the beginning</dt>
            <dd>{sinceWords(line.begun - origin)}</dd>
            <dt>{line.ended === null ? "Runs for" : "Lasted"}</dt>
            <dd>{seconds(line.begun, line.ended)}</dd>
          </>
        )}
        {part && part.kind !== "span" && (
          <>
            <dt>
              {part.kind === "run"
                ? `Attempt ${part.attempt}: ${stateOf(part.outcome || "running").label}`
                : SAID[part.kind]}
            </dt>
            <dd>{seconds(part.from, part.to)}</dd>
          </>
        )}
        {line.count > 1 &&
          Object.entries(line.states).map(([state, count]) => (
            <div key={state} style={{ display: "contents" }}>
              <dt>{stateOf(state).label}</dt>
              <dd>{count.toLocaleString("en")}</dd>
            </div>
          ))}
      </dl>
    </div>
  )
}
