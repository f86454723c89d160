import { useMemo } from "react"
import { lookOf } from "@/graph/change"
import { ChangeMark } from "@/graph/change-mark"
import { FlowGraph } from "@/graph/flow-graph"
import type { Change, GraphNode } from "@/graph/types"
import { useCamera } from "@/graph/use-camera"
import { Panel } from "@/parts/panel"
import { text, useUrlState } from "@/shell/url-state"
import { countsOf, type Difference, type EdgeDifference, type FieldChange, said } from "./difference"
import { groupOf } from "./grid/rows"
import classes from "./versions.module.css"

/** `near` is what the list brought into the middle. */
const FIELDS = { step: text(), near: text(), camera: text() }
const SHOWN: readonly Change[] = ["added", "removed", "changed", "same"]

/** Two versions of a pipeline in one graph, with what differs marked in it and listed beside it. */
export function VersionsGraph({ name, difference }: { name: string; difference: Difference }) {
  const [state, setState] = useUrlState(FIELDS)
  const [camera, keepCamera] = useCamera()
  const nodes = useMemo(() => difference.steps.map(nodeOf), [difference])
  const edges = useMemo(() => {
    const mapped = new Set(difference.steps.filter((each) => each.mapped).map((each) => each.task))
    return difference.edges.map((edge) => ({
      from: edge.from,
      to: edge.to,
      change: edge.change,
      // what a step is mapped over is a value too
      dashed: !edge.value && !mapped.has(edge.to),
      ...(edge.label ? { label: edge.label } : {}),
    }))
  }, [difference])
  const selected = useMemo(() => new Set(state.step ? [state.step] : []), [state.step])
  const steps = countsOf(difference.steps)
  return (
    <div className={classes.compared}>
      <Panel className={classes.drawing}>
        <ul className={classes.legend} aria-label="Steps by what became of them">
          {SHOWN.filter((change) => steps[change] > 0).map((change) => (
            <li key={change}>
              <ChangeMark change={change} label="" /> {steps[change]} {lookOf(change).word}
            </li>
          ))}
        </ul>
        <div className={classes.graph}>
          <FlowGraph
            label={`What differs in ${name}`}
            nodes={nodes}
            edges={edges}
            selected={selected}
            onSelect={(id) => setState({ step: id ?? "", near: "" })}
            focus={state.near || null}
            place={camera}
            onPlace={keepCamera}
          />
        </div>
      </Panel>
      <Panel className={classes.list}>
        <Listed
          difference={difference}
          selected={state.step}
          // what was looked at before is given up for what is picked here
          onPick={(task) => setState({ step: task, near: task, camera: "" })}
        />
      </Panel>
    </div>
  )
}

function nodeOf(step: Difference["steps"][number]): GraphNode {
  return {
    id: step.task,
    name: step.label || step.task.slice(step.task.lastIndexOf(".") + 1),
    shape: "round",
    change: step.change,
    ...(step.change === "same"
      ? {}
      : { stateWords: step.change === "changed" ? whatChanged(step) : lookOf(step.change).word }),
    group: groupOf(step),
    chips: [...(step.mapped ? ["mapped"] : []), ...(step.operator === "python" ? [] : [step.operator])],
  }
}

function whatChanged({ code, fields }: Difference["steps"][number]): string {
  const settings = fields.length > 0 ? `${fields.length} ${fields.length === 1 ? "setting" : "settings"}` : ""
  return [code && "code", settings].filter(Boolean).join(", ")
}

interface ListedProps {
  readonly difference: Difference
  readonly selected: string
  readonly onPick: (task: string) => void
}

/** What differs, as words: each step with what of it, the edges, the settings of the whole. */
function Listed({ difference, selected, onPick }: ListedProps) {
  const steps = difference.steps.filter((each) => each.change !== "same")
  const edges = difference.edges.filter((each) => each.change !== "same")
  return (
    <div className={classes.listed}>
      {difference.own.length > 0 && (
        <section>
          <h3>The whole</h3>
          <Fields fields={difference.own} />
        </section>
      )}
      {steps.length > 0 && (
        <section>
          <h3>Steps</h3>
          <ul>
            {steps.map((step) => (
              <li key={step.task}>
                <button
                  type="button"
                  className={classes.pick}
                  aria-pressed={selected === step.task}
                  onClick={() => onPick(step.task)}
                >
                  <ChangeMark change={step.change} />
                  <span>{step.task}</span>
                  {step.code && <span className={classes.faint}>code</span>}
                </button>
                <Fields fields={step.fields} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {edges.length > 0 && (
        <section>
          <h3>Edges</h3>
          <ul>
            {edges.map((edge) => (
              <li key={JSON.stringify([edge.from, edge.to])}>
                <button type="button" className={classes.pick} onClick={() => onPick(edge.to)}>
                  <ChangeMark change={edge.change} />
                  <span>
                    {edge.from} <span className={classes.faint}>→</span> {edge.to}
                  </span>
                  <span className={classes.faint}>{edgeWords(edge)}</span>
                </button>
                {edge.change === "changed" && <Fields fields={edge.fields} />}
              </li>
            ))}
          </ul>
        </section>
      )}
      {difference.own.length + steps.length + edges.length === 0 && (
        <p className={classes.none}>
          Steps, edges and settings are the same in both. What differs is code that is no step's own.
        </p>
      )}
    </div>
  )
}

function edgeWords({ change, value }: EdgeDifference): string {
  if (change === "changed") return ""
  return value ? "reads its value" : "order alone"
}

function Fields({ fields }: { fields: readonly FieldChange[] }) {
  if (fields.length === 0) return null
  return (
    <dl className={classes.fields}>
      {fields.map((each) => (
        <div key={each.name}>
          <dt>{each.name}</dt>
          <dd>
            <del>{said(each.before)}</del> <span className={classes.faint}>→</span>{" "}
            <ins>{said(each.after)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  )
}
