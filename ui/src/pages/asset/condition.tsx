import type { Schema } from "@/api/client"
import { StateMark } from "@/parts/state-mark"
import classes from "./asset.module.css"

/** A condition with its parts: what holds now, and for how many partitions. */
export function Condition({ of: condition }: { of: Schema["ConditionView"] }) {
  return (
    <ul className={classes.tree}>
      <li>
        <StateMark
          state={condition.holds ? "passed" : "waiting"}
          label={condition.holds ? "holds" : "does not hold"}
        />{" "}
        {condition.told}
        {condition.partitions > 0 && (
          <span className={classes.faint}>
            {" "}
            {condition.partitions.toLocaleString("en-GB")}: {condition.which}
          </span>
        )}
        {(condition.parts ?? []).map((part) => (
          <Condition key={part.told} of={part} />
        ))}
      </li>
    </ul>
  )
}
