import { useDebouncedValue } from "@mantine/hooks"
import { api } from "@/api/client"
import { stateOf } from "@/theme/states"
import { writtenSpan } from "./answer"
import classes from "./cloth.module.css"
import { cellAt } from "./lines"
import type { Cloth, Line } from "./types"
import { columnStart, spanWords } from "./window"

/** Milliseconds that a pointer rests on a stitch until the server is asked what is in it. */
const REST = 160

interface TipProps {
  readonly cloth: Cloth
  readonly lines: readonly Line[]
  readonly at: readonly [line: number, column: number]
  readonly names: number
  readonly plot: number
  readonly y: number
}

/** What is in the stitch that is pointed at: its partitions by state, and why. */
export function Tip({ cloth, lines, at, names, plot, y }: TipProps) {
  const line = lines[at[0]]
  const since = Math.round(columnStart(cloth, cloth.columns, at[1]))
  const until = Math.round(columnStart(cloth, cloth.columns, at[1] + 1))
  const thread = line?.type === "thread" ? line.thread : null
  const [rested] = useDebouncedValue(thread ? `${thread.key} ${since}` : "", REST)
  const found = api.useQuery(
    "get",
    "/api/v1/cloth/stitch",
    { params: { query: { key: thread?.key ?? "", ...writtenSpan(since, until) } } },
    { enabled: thread !== null && rested === `${thread.key} ${since}`, placeholderData: undefined },
  ).data
  if (line === undefined) return null
  const cell = thread ? cellAt(thread, at[1]) : null
  const left = names + (at[1] / cloth.columns) * plot
  const onTheRight = left > names + plot * 0.62
  return (
    <div
      className={classes.tip}
      style={{
        left: onTheRight ? undefined : left + 34,
        right: onTheRight ? names + plot - left + 24 : undefined,
        top: y + 40,
      }}
    >
      <p>
        <b>{thread ? thread.key : line.type === "group" ? line.group : ""}</b> {spanWords(since, until)}
      </p>
      {thread && !found && <p>{cell ? counted(cell[2], cell[3]) : "never asked for"}</p>}
      {found?.states.map((each) => (
        <p key={each.state}>
          {counted(each.state, each.count)}
          {each.partitions ? `: ${each.partitions.slice(0, 60)}` : ""}
        </p>
      ))}
      {found?.causes
        .filter((cause) => cause.detail)
        .slice(0, 2)
        .map((cause) => (
          <p key={cause.detail}>{cause.detail}</p>
        ))}
    </div>
  )
}

function counted(state: string, count: number): string {
  return `${stateOf(state).label}${count > 1 ? ` · ${count.toLocaleString("en-US")}` : ""}`
}
