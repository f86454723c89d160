import type { Schema } from "@/api/client"
import { Panel, Section } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import classes from "./schedule.module.css"

type Node = Schema["ConditionView"]

interface ConditionProps {
  readonly condition: Node
  readonly asks: string
  readonly heldBack: string
}

/** A condition as a tree, with what of it holds at this moment and for which partitions. */
export function Condition({ condition, asks, heldBack }: ConditionProps) {
  return (
    <Section title="Why it asks, or does not" note="as it is at this moment">
      <Panel>
        <ul className={classes.tree}>
          <Branch node={condition} />
        </ul>
        <p className={classes.verdict}>
          {asks ? (
            <>
              It asks for <strong>{asks}</strong>
              {heldBack && `, but ${heldBack}`}.
            </>
          ) : (
            "It asks for nothing now."
          )}
        </p>
      </Panel>
    </Section>
  )
}

/** What is not to hold stands in one line with its "not". */
function inOneLine(node: Node): Node {
  const [only] = node.parts
  if (node.kind !== "not" || node.parts.length !== 1 || only === undefined || only.parts.length > 0)
    return node
  return { ...node, told: `not: ${only.told}`, parts: [] }
}

function Branch({ node: given }: { node: Node }) {
  const node = inOneLine(given)
  const many = node.holds && node.partitions > 1
  return (
    <li>
      <span className={classes.node} data-holds={node.holds}>
        <StateMark
          state={node.holds ? "ok" : "skipped"}
          size={11}
          label={node.holds ? "holds" : "does not hold"}
        />
        <span>
          {node.told}
          {many && (
            <span className={classes.dim}>
              {" "}
              · {node.partitions.toLocaleString("en-GB")} partitions{node.which && `: ${node.which}`}
            </span>
          )}
        </span>
      </span>
      {node.parts.length > 0 && (
        <ul>
          {node.parts.map((part, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a condition stay where they are
            <Branch key={at} node={part} />
          ))}
        </ul>
      )}
    </li>
  )
}
