import { duration } from "@/parts/clock"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { sinceWords } from "./axis"
import type { Line, PartKind } from "./model"

interface GanttTableProps {
  readonly lines: readonly Line[]
  readonly critical: ReadonlySet<string>
  readonly origin: number
  readonly now: number
  readonly selected: string | null
  readonly onSelect: (line: Line) => void
  readonly onToggle: (line: Line) => void
}

/** The Gantt chart as a table: the same lines, with their times as numbers. */
export function GanttTable({ lines, critical, origin, now, selected, onSelect, onToggle }: GanttTableProps) {
  const spent = (line: Line, kinds: readonly PartKind[]) =>
    line.parts
      .filter((each) => kinds.includes(each.kind))
      .reduce((sum, each) => sum + ((each.to ?? now) - each.from) / 1000, 0)
  const seconds = (value: number) => (value > 0 ? duration(value) : "–")
  const columns: Column<Line>[] = [
    {
      id: "step",
      title: "Step",
      width: "minmax(200px, 2fr)",
      cell: (line) => (
        <span style={{ paddingLeft: line.depth * 16 }}>
          {line.opens && (
            <button
              type="button"
              onClick={() => onToggle(line)}
              aria-expanded={line.opened}
              aria-label={`${line.opened ? "Fold" : "Open"} ${line.label}`}
              style={{
                background: "none",
                border: 0,
                color: "var(--dim)",
                cursor: "pointer",
                font: "inherit",
              }}
            >
              {line.opened ? "▾" : "▸"}
            </button>
          )}{" "}
          {line.label} <span style={{ color: "var(--faint)" }}>{line.note}</span>
        </span>
      ),
    },
    { id: "state", title: "State", width: "150px", cell: (line) => <StateWord state={line.state} /> },
    {
      id: "begun",
      title: "Began after",
      width: "100px",
      align: "right",
      cell: (line) => (line.begun === null ? "–" : sinceWords(line.begun - origin)),
    },
    {
      id: "queued",
      title: "Waited",
      width: "90px",
      align: "right",
      cell: (line) => seconds(spent(line, ["ready", "starting"])),
    },
    {
      id: "rest",
      title: "Between attempts",
      width: "120px",
      align: "right",
      cell: (line) => seconds(spent(line, ["rest"])),
    },
    {
      id: "run",
      title: "Ran",
      width: "100px",
      align: "right",
      cell: (line) => seconds(spent(line, ["run", "span"])),
    },
    {
      id: "attempts",
      title: "Attempts",
      width: "80px",
      align: "right",
      cell: (line) =>
        line.count > 1 || line.kind === "run" ? "" : line.parts.filter((each) => each.kind === "run").length,
    },
    {
      id: "critical",
      title: "Critical",
      width: "70px",
      cell: (line) => (critical.has(line.id) ? "yes" : ""),
    },
  ]
  return (
    <Table
      label="Steps over time"
      columns={columns}
      rows={lines}
      rowKey={(line) => line.id}
      onOpen={onSelect}
      {...(selected === null ? {} : { selected })}
    />
  )
}
