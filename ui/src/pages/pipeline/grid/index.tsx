import { Button, SegmentedControl } from "@mantine/core"
import { useMemo } from "react"
import type { Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { useCommands } from "@/shell/commands"
import { list, oneOf, text, useUrlState } from "@/shell/url-state"
import { CellPanel } from "./cell-panel"
import classes from "./grid.module.css"
import { GridTable, TABLE_RUNS } from "./grid-table"
import { GridView } from "./grid-view"
import { groupOf, groupsAbove, rowsOf, type StepOfGrid } from "./rows"
import { useGrid } from "./use-grid"

const FIELDS = {
  run: text(),
  step: text(),
  as: oneOf(["drawing", "table"], "drawing"),
  /** Groups that are not as they are at first. */
  fold: list(),
}

/** From so many steps on groups are folded at first. */
const MANY = 80

/** Runs × steps: what broke, and since when. */
export function Grid({ detail }: { detail: Schema["PipelineDetail"] }) {
  const { name } = detail.pipeline
  const [state, setState] = useUrlState(FIELDS)
  const { head, runs: newestFirst, hasMore, more, loading } = useGrid(name, detail.steps.length)
  const runs = useMemo(() => newestFirst.toReversed(), [newestFirst])
  const steps = useMemo<readonly StepOfGrid[]>(
    () => (detail.steps.length > 0 ? detail.steps : calledIn(newestFirst)),
    [detail.steps, newestFirst],
  )
  const groups = useMemo(() => [...new Set(steps.flatMap((each) => groupsAbove(groupOf(each))))], [steps])
  const folded = useMemo(() => {
    const other = new Set(state.fold)
    const atFirst = steps.length > MANY
    return new Set(groups.filter((each) => atFirst !== other.has(each)))
  }, [groups, steps.length, state.fold])
  const rows = useMemo(() => rowsOf(steps, folded), [steps, folded])
  const run = runs.find((each) => each.run.id === state.run)
  const row = rows.find((each) => each.id === state.step) ?? null
  useCommands(
    useMemo(
      () => [
        {
          id: "grid:as",
          title: state.as === "table" ? "Show the grid as a drawing" : "Show the grid as a table",
          group: "This pipeline",
          keys: "v",
          run: () => setState({ as: state.as === "table" ? "drawing" : "table" }),
        },
      ],
      [state.as, setState],
    ),
  )
  const flip = (group: string) =>
    setState({
      fold: state.fold.includes(group) ? state.fold.filter((each) => each !== group) : [...state.fold, group],
    })
  return (
    <>
      <div className={classes.bar}>
        <SegmentedControl
          aria-label="Shown as"
          value={state.as}
          onChange={(as) => setState({ as: as === "table" ? "table" : "drawing" })}
          data={[
            { value: "drawing", label: "Grid" },
            { value: "table", label: "Table" },
          ]}
        />
        {groups.length > 0 && (
          <Button
            variant="subtle"
            color="gray"
            onClick={() =>
              setState({
                fold:
                  folded.size === 0 ? (steps.length > MANY ? [] : groups) : steps.length > MANY ? groups : [],
              })
            }
          >
            {folded.size === 0 ? "Fold all groups" : "Unfold all groups"}
          </Button>
        )}
        <span className={classes.faint}>
          {state.as === "table" && runs.length > TABLE_RUNS
            ? `the newest ${TABLE_RUNS} runs`
            : `${runs.length.toLocaleString("en-GB")} ${runs.length === 1 ? "run" : "runs"}${hasMore ? (loading ? ", reading older ones" : ", older ones come as you scroll") : ""}`}
        </span>
        <span className={classes.legend} aria-hidden="true">
          {["failed", "upstream_failed", "running", "waiting", "skipped", "cancelled"].map((word) => (
            <span key={word}>
              <StateMark state={word} size={10} label="" />
              {word.replaceAll("_", " ")}
            </span>
          ))}
        </span>
      </div>
      <Loaded query={head}>
        {() =>
          runs.length === 0 ? (
            <Panel>
              <Empty title={`${name} has never run`} command={`weft run ${name}`}>
                Its runs and the states of their steps stand here side by side.
              </Empty>
            </Panel>
          ) : (
            <div className={classes.split}>
              <div className={classes.main}>
                <Panel>
                  {state.as === "table" ? (
                    <GridTable runs={runs} rows={rows} name={name} />
                  ) : (
                    <GridView
                      runs={runs}
                      rows={rows}
                      chosen={state.run ? { run: state.run, row: state.step } : null}
                      onChoose={(id, step) => setState({ run: id, step: step ?? "" })}
                      onFold={flip}
                      more={hasMore ? more : undefined}
                    />
                  )}
                </Panel>
              </div>
              {run && (
                <CellPanel
                  run={run}
                  row={row}
                  pipeline={name}
                  onClose={() => setState({ run: "", step: "" })}
                />
              )}
            </div>
          )
        }
      </Loaded>
    </>
  )
}

/** The tasks that runs of a flow called, in the order in which they were first seen: its graph is known by running. */
function calledIn(runs: readonly Schema["GridRun"][]): StepOfGrid[] {
  const tasks = new Set(runs.flatMap((each) => Object.keys(each.cells)))
  return [...tasks].map((task) => ({
    task,
    group: "",
    mapped: runs.some((each) => Object.values(each.cells[task]?.counts ?? {}).reduce((a, b) => a + b, 0) > 1),
  }))
}
