import { ActionIcon, Select } from "@mantine/core"
import { X } from "lucide-react"
import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { FlowGraph } from "@/graph/flow-graph"
import type { GraphNode } from "@/graph/types"
import { useCamera } from "@/graph/use-camera"
import { duration, short, useClock } from "@/parts/clock"
import { CodeView } from "@/parts/code-view"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { list, text, useUrlState } from "@/shell/url-state"
import { runState, stateOf } from "@/theme/states"
import { Assets, Facts } from "./details"
import { cellOf } from "./grid/cells"
import { countWords } from "./grid/draw"
import { groupOf } from "./grid/rows"
import { useGrid } from "./grid/use-grid"
import classes from "./pipeline.module.css"

const FIELDS = { run: text(), step: text(), folded: list() }

/** The steps of a pipeline as a graph, with how each stood in one run: the latest, or one that is chosen. */
export function Graph({ detail }: { detail: Schema["PipelineDetail"] }) {
  const { name } = detail.pipeline
  const [state, setState] = useUrlState(FIELDS)
  const [camera, keepCamera] = useCamera()
  const { zone } = useClock()
  const { runs } = useGrid(name, detail.steps.length)
  const graph = api.useQuery("get", "/api/v1/pipelines/{name}/graph", { params: { path: { name } } })
  const run = runs.find((each) => each.run.id === state.run) ?? runs[0]
  const nodes = useMemo<readonly GraphNode[]>(
    () =>
      graph.data?.nodes.map((node) => {
        const cell = run ? cellOf(run, [node.task]) : null
        return {
          id: node.task,
          name: node.label || node.task.slice(node.task.lastIndexOf(".") + 1),
          shape: "round",
          group: groupOf(node),
          ...(cell ? { state: cell.state, stateWords: countWords(cell.counts) } : {}),
          ...(cell && cell.seconds > 0 ? { note: duration(cell.seconds) } : {}),
          chips: [
            ...(node.mapped ? ["mapped"] : []),
            ...(node.operator === "python" ? [] : [node.operator]),
            ...(node.trigger_rule === "all_success" ? [] : [node.trigger_rule.replaceAll("_", " ")]),
          ],
        }
      }) ?? [],
    [graph.data, run],
  )
  const mapped = useMemo(
    () => new Set(graph.data?.nodes.filter((each) => each.mapped).map((each) => each.task)),
    [graph.data],
  )
  const edges = useMemo(
    () =>
      graph.data?.edges.map((edge) => ({
        from: edge.from,
        to: edge.to,
        // what a step is mapped over is a value too
        dashed: !edge.value && !mapped.has(edge.to),
        ...(edge.label ? { label: edge.label } : {}),
      })) ?? [],
    [graph.data, mapped],
  )
  const step = detail.steps.find((each) => each.task === state.step)
  const folded = useMemo(() => new Set(state.folded), [state.folded])
  const selected = useMemo(() => new Set(state.step ? [state.step] : []), [state.step])
  return (
    <>
      <div className={classes.bar}>
        <span className={classes.dim}>States of</span>
        <Select
          aria-label="Run whose states are shown"
          className={classes.run}
          placeholder="never run"
          value={run?.run.id ?? null}
          allowDeselect={false}
          searchable
          data={runs.map((each) => ({
            value: each.run.id,
            label: `${each.run.partition ?? short(new Date(each.run.created_at), zone)} · ${stateOf(runState(each.run)).label} · ${each.run.id.slice(0, 8)}`,
          }))}
          onChange={(to) => setState({ run: to ?? "" })}
        />
        <span className={classes.faint}>A dashed line is order without a value.</span>
      </div>
      <Loaded query={graph}>
        {() => (
          <div className={classes.split}>
            <Panel className={classes.grow}>
              <div className={classes.graph}>
                <FlowGraph
                  nodes={nodes}
                  edges={edges}
                  label={`Steps of ${name}`}
                  folded={folded}
                  onFold={(group, fold) =>
                    setState({
                      folded: fold ? [...state.folded, group] : state.folded.filter((each) => each !== group),
                    })
                  }
                  selected={selected}
                  onSelect={(id) => setState({ step: id ?? "" })}
                  place={camera}
                  onPlace={keepCamera}
                />
              </div>
            </Panel>
            {step && <Step step={step} name={name} onClose={() => setState({ step: "" })} />}
          </div>
        )}
      </Loaded>
    </>
  )
}

interface StepProps {
  readonly step: Schema["TaskView"]
  readonly name: string
  readonly onClose: () => void
}

function Step({ step, name, onClose }: StepProps) {
  const source = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/source",
    { params: { path: { name } } },
    { retry: false },
  )
  const own = step.task.slice(step.task.lastIndexOf(".") + 1).replace(/__\d+$/, "")
  const code = source.data?.items.find((each) => each.name === own || each.name.endsWith(`.${own}`))
  return (
    <Panel padded className={classes.side}>
      <div className={classes.sideHead}>
        <h2>{step.task}</h2>
        <ActionIcon aria-label="Close" onClick={onClose}>
          <X size={15} aria-hidden="true" />
        </ActionIcon>
      </div>
      <Facts
        facts={[
          ["Description", step.description],
          ["Operator", step.operator],
          ["Runs after", step.after.join(", ")],
          ["Runs if", step.trigger_rule.replaceAll("_", " ")],
          ["Mapped", step.mapped && "once for each element"],
          ["Role", step.role],
          ["Reads", step.inlets.length > 0 && <Assets keys={step.inlets} />],
          ["Makes", step.outlets.length > 0 && <Assets keys={step.outlets} />],
        ]}
      />
      {code && <CodeView code={code.text} language="python" title={code.name} height="46vh" />}
    </Panel>
  )
}
