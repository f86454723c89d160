import { Button, SegmentedControl, Switch } from "@mantine/core"
import { useCallback, useMemo, useState } from "react"
import type { Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { useCommands } from "@/shell/commands"
import { flag, list, oneOf, text, useUrlState } from "@/shell/url-state"
import { CellPanel } from "./cell-panel"
import classes from "./grid.module.css"
import { GridTable, TABLE_RUNS } from "./grid-table"
import { GridView } from "./grid-view"
import { type GridRow, groupOf, groupsAbove, rowCalled, rowsOf, type StepOfGrid, withItems } from "./rows"
import { useGrid } from "./use-grid"
import { useItems } from "./use-items"

const FIELDS = {
  run: text(),
  step: text(),
  as: oneOf(["drawing", "table"], "drawing"),
  /** Groups that are not as they are at first. */
  fold: list(),
  /** Mapped steps whose items are rows. */
  open: list(),
  /** Of the items only those with which something is. */
  only: flag(),
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
  const folders = useMemo(() => rowsOf(steps, folded), [steps, folded])
  const mapped = useMemo(() => steps.filter((each) => each.mapped).map((each) => each.task), [steps])
  const open = useMemo(() => {
    const shown = new Set(folders.map((each) => each.id))
    return mapped.filter((each) => state.open.includes(each) && shown.has(each))
  }, [folders, mapped, state.open])
  const [[first, last], setSeen] = useState<readonly [number, number]>([0, 0])
  const onSeen = useCallback((from: number, to: number) => setSeen([from, to]), [])
  const seen = useMemo(
    () => (state.as === "table" ? runs.slice(-TABLE_RUNS) : runs.slice(first, last)),
    [runs, first, last, state.as],
  )
  const { items, asking, error, retry } = useItems(name, open, seen)
  const rows = useMemo(
    () => withItems(folders, items, state.only, asking),
    [folders, items, state.only, asking],
  )
  const run = runs.find((each) => each.run.id === state.run)
  const row = useMemo(() => rowCalled(state.step, rows, items), [state.step, rows, items])
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
        ...(mapped.length > 0
          ? [
              {
                id: "grid:mapped",
                title: open.length > 0 ? "Fold all mapped steps" : "Unfold all mapped steps",
                group: "This pipeline",
                keys: "m",
                run: () => setState({ open: open.length > 0 ? [] : mapped }),
              },
            ]
          : []),
      ],
      [state.as, setState, mapped, open.length],
    ),
  )
  const flip = ({ kind, id }: GridRow) =>
    kind === "group"
      ? setState({ fold: flipped(state.fold, id.slice(0, -1)) })
      : setState({ open: flipped(state.open, id) })
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
        {open.length > 0 && (
          <Switch
            label="Only items that are not fine"
            checked={state.only}
            onChange={(event) => setState({ only: event.currentTarget.checked })}
          />
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
                {error !== null && <Refusal problem={asProblem(error)} retry={retry} />}
                <Panel>
                  {state.as === "table" ? (
                    <GridTable runs={runs} rows={rows} name={name} onFold={flip} />
                  ) : (
                    <GridView
                      runs={runs}
                      rows={rows}
                      chosen={state.run ? { run: state.run, row: state.step } : null}
                      onChoose={(id, step) => setState({ run: id, step: step ?? "" })}
                      onFold={flip}
                      onSeen={onSeen}
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
                  onUnfold={row?.mapped && row.folded ? () => flip(row) : null}
                  onItem={(step) => setState({ step })}
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

function flipped(all: readonly string[], one: string): readonly string[] {
  return all.includes(one) ? all.filter((each) => each !== one) : [...all, one]
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
