import { type Owner, useStrip } from "@/parts/launch/partition-field"
import { Panel, Section } from "@/parts/panel"
import { MiniStrip } from "@/parts/partition-strip-mini"
import { stretchesOf } from "@/parts/partition-strip-window"
import classes from "./execution.module.css"

interface RangeProps {
  readonly owner: Owner
  readonly partitions: string
  /** While it goes on, what is not there yet is requested. */
  readonly live: boolean
}

/** The partitions of a backfill as they stand, in one line. */
export function ExecutionRange({ owner, partitions, live }: RangeProps) {
  const strip = useStrip(owner, partitions).data
  if (strip === undefined || strip.total === 0) return null
  const stretches = stretchesOf(strip).map((each) =>
    live && each.status === "missing" ? { ...each, status: "requested" } : each,
  )
  const there = Object.entries(strip.counts).map(
    ([word, count]) => `${count.toLocaleString("en-GB")} ${live && word === "missing" ? "requested" : word}`,
  )
  return (
    <Section title="Partitions" note={there.join(", ")}>
      <Panel padded>
        <MiniStrip
          stretches={stretches}
          start={strip.start}
          stop={strip.stop}
          height={22}
          columns={240}
          label={there.join(", ")}
        />
        <p className={classes.ends}>
          <span>{strip.first_key}</span>
          <span>{strip.last_key}</span>
        </p>
      </Panel>
    </Section>
  )
}
