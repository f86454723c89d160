import { SegmentedControl, Switch } from "@mantine/core"
import { useCallback } from "react"
import { Empty, Skeleton } from "@/parts/empty"
import { Gantt } from "@/parts/gantt"
import { GanttTable } from "@/parts/gantt/gantt-table"
import type { Line } from "@/parts/gantt/model"
import { Loaded } from "@/parts/loaded"
import classes from "./run.module.css"
import { readZoom, type TabProps, writeZoom } from "./state"
import { StepPanel } from "./step-panel"
import { useTimeline } from "./use-timeline"

/** The run over time, and the step that is chosen in it. */
export default function TimelineTab({ run, state, set }: TabProps) {
  const { query, shown, live } = useTimeline(run, state.open, state.gaps)
  const selected = state.step === "" ? null : state.step
  const line = shown?.lines.find((each) => each.id === selected) ?? null
  const onSelect = useCallback(
    (chosen: Line | null) => set({ step: chosen === null || chosen.id === selected ? "" : chosen.id }),
    [set, selected],
  )
  const onToggle = useCallback(
    (chosen: Line) =>
      set({
        open: chosen.opened ? state.open.filter((each) => each !== chosen.id) : [...state.open, chosen.id],
      }),
    [set, state.open],
  )
  const folds = shown?.axis.pieces.some((each) => each.folded) ?? false
  return (
    <div className={classes.split}>
      <section className={classes.main} aria-label="Timeline">
        <div className={classes.tools}>
          <span className={classes.legends}>
            <Legend kind="ready" words="could begin" />
            <Legend kind="starting" words="handed out" />
            <Legend kind="run" words="runs" />
            <Legend kind="rest" words="waits to try again" />
            <Legend kind="critical" words="critical path" />
          </span>
          <span className={classes.end}>
            {(folds || state.gaps) && (
              <Switch
                label="Fold gaps"
                checked={!state.gaps}
                onChange={(event) => set({ gaps: !event.currentTarget.checked })}
              />
            )}
            <SegmentedControl
              aria-label="Show as"
              data={[
                { value: "chart", label: "Chart" },
                { value: "table", label: "Table" },
              ]}
              value={state.table ? "table" : "chart"}
              onChange={(value) => set({ table: value === "table" })}
            />
          </span>
        </div>
        <div className={classes.grow}>
          <Loaded query={query} skeleton={<Skeleton rows={5} height={26} />}>
            {() =>
              shown === null || shown.lines.length === 0 ? (
                <Empty title={live ? "No step has begun yet." : "No step ran."}>
                  {run.reason || (live ? "What it waits for is said above." : "")}
                </Empty>
              ) : state.table ? (
                <GanttTable {...shown} selected={selected} onSelect={onSelect} onToggle={onToggle} />
              ) : (
                <Gantt
                  {...shown}
                  live={live}
                  selected={selected}
                  onSelect={onSelect}
                  onToggle={onToggle}
                  zoom={readZoom(state.zoom)}
                  onZoom={(zoom) => set({ zoom: writeZoom(zoom) })}
                />
              )
            }
          </Loaded>
        </div>
      </section>
      {line && (
        <StepPanel run={run} line={line} set={set} onClose={() => set({ step: "" })} onToggle={onToggle} />
      )}
    </div>
  )
}

function Legend({ kind, words }: { kind: string; words: string }) {
  return (
    <span className={classes.legend}>
      <i data-kind={kind} aria-hidden="true" />
      {words}
    </span>
  )
}
