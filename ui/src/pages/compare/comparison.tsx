import { VisuallyHidden } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { type ReactNode, useMemo } from "react"
import type { Schema } from "@/api/client"
import { By, Steps } from "@/pages/runs/columns"
import { duration } from "@/parts/clock"
import { PatchView } from "@/parts/code-view"
import { shortName } from "@/parts/gantt/model"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { Lasted, Time } from "@/parts/time"
import { runPath } from "@/shell/links"
import { runState } from "@/theme/states"
import { titleOf } from "../run/state"
import classes from "./compare.module.css"
import { type Both, deltaOf, differences, isNotable, ordered } from "./words"

/** How two runs differ, what matters most first; what is the same is said last and shortly. */
export function Comparison({ both }: { both: Both }) {
  const said = useMemo(() => differences(both), [both])
  const same = [
    ...(both.code.length === 0 ? ["the code"] : []),
    ...(both.inputs.length === 0 && both.alike.inputs
      ? [`all ${both.alike.inputs.toLocaleString("en")} inputs`]
      : []),
    ...(both.values.length === 0 && both.alike.values
      ? [`all ${both.alike.values.toLocaleString("en")} values`]
      : []),
  ]
  const names = [both.before.id.slice(0, 8), both.after.id.slice(0, 8)] as const
  return (
    <>
      <div className={classes.heads}>
        <Head run={both.before} error={both.errors[0] ?? ""} name="Before" />
        <Head run={both.after} error={both.errors[1] ?? ""} name="After" />
      </div>
      <p className={classes.summary}>
        {said.length === 0 ? (
          "Nothing differs but how long it took."
        ) : (
          <>
            What differs:{" "}
            {said.map((each, at) => (
              <span key={each.what}>
                {at > 0 && "; "}
                {each.what === "outcome" ? (
                  each.words
                ) : (
                  <a className={classes.said} href={`#${each.what}`}>
                    {each.words}
                  </a>
                )}
              </span>
            ))}
            .
          </>
        )}
        {same.length > 0 && <span className={classes.none}> The same: {same.join(", ")}.</span>}
      </p>
      {both.params.length > 0 && (
        <Section title="Parameters" id="params">
          <Values rows={both.params} names={names} />
        </Section>
      )}
      {both.code.length > 0 && (
        <Section title="Code" id="code" note={`${both.code.length} changed`}>
          {both.code.map((each) => (
            <PatchView
              key={each.name}
              patch={each.diff}
              title={each.kind === "changed" ? each.name : `${each.name} (${each.kind})`}
              names={names}
            />
          ))}
        </Section>
      )}
      {both.inputs.length > 0 && (
        <Section title="Inputs" id="inputs" note={alike(both, "inputs")}>
          <Values rows={both.inputs} names={names} version note={leftOut(both, "inputs")} />
        </Section>
      )}
      <Section title="Steps" id="steps" note="those that differ most first; times are of bodies, in sum">
        <StepPairs both={both} />
      </Section>
      {both.values.length > 0 && (
        <Section title="Values" id="values" note={alike(both, "values")}>
          <Values rows={both.values} names={names} note={leftOut(both, "values")} />
        </Section>
      )}
    </>
  )
}

function alike(both: Both, kind: string): string | undefined {
  const count = both.alike[kind] ?? 0
  return count > 0 ? `${count.toLocaleString("en")} the same` : undefined
}

function leftOut(both: Both, kind: string): string | undefined {
  const count = both.left_out[kind] ?? 0
  return count > 0 ? `${count.toLocaleString("en")} more differ.` : undefined
}

function Head({ run, error, name }: { run: Schema["RunView"]; error: string; name: string }) {
  return (
    <Panel className={classes.head ?? ""}>
      <h2>
        {name}: {titleOf(run)} {run.partition ?? ""} <Link to={runPath(run.id)}>{run.id.slice(0, 8)}</Link>
      </h2>
      <div className={classes.line}>
        <StateWord state={runState(run)} />
        <span>
          <Time at={run.started_at ?? run.created_at} />
        </span>
        <span>
          <Lasted from={run.started_at} to={run.finished_at} />
        </span>
        <span>
          <Steps run={run} /> steps
        </span>
        <span>
          by <By run={run} />
        </span>
      </div>
      {error && <p className={classes.error}>{error}</p>}
    </Panel>
  )
}

interface ValuesProps {
  readonly rows: readonly Schema["Difference"][]
  readonly names: readonly [string, string]
  /** What stands there are versions of data. */
  readonly version?: boolean
  readonly note?: string | undefined
}

function Values({ rows, names, version = false, note }: ValuesProps) {
  return (
    <Panel>
      <table className={classes.rows}>
        <colgroup>
          <col style={{ width: "26%" }} />
          <col />
          <col />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">{names[0]}</th>
            <th scope="col">{names[1]}</th>
          </tr>
        </thead>
        <tbody>
          {rows
            .toSorted((a, b) => Number(b.different) - Number(a.different))
            .map((each) => (
              <tr key={each.name} className={each.different ? undefined : classes.same}>
                <td>{shortName(each.name)}</td>
                <td>{shown(each.before, version)}</td>
                <td>{shown(each.after, version)}</td>
              </tr>
            ))}
        </tbody>
      </table>
      {note && <p className={classes.note}>{note}</p>}
    </Panel>
  )
}

const MOST = 400

function shown(value: unknown, version: boolean): ReactNode {
  if (value === null || value === undefined) return <span className={classes.none}>–</span>
  if (version) return <span>version {String(value)}</span>
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return <code>{text.length > MOST ? `${text.slice(0, MOST)}…` : text}</code>
}

function StepPairs({ both }: { both: Both }) {
  const steps = useMemo(() => ordered(both.steps), [both.steps])
  const longest = Math.max(
    0.001,
    ...steps.flatMap((each) => [each.before?.seconds ?? 0, each.after?.seconds ?? 0]),
  )
  return (
    <Panel>
      <table className={classes.rows}>
        <colgroup>
          <col style={{ width: "24%" }} />
          <col style={{ width: "130px" }} />
          <col style={{ width: "130px" }} />
          <col />
          <col style={{ width: "92px" }} />
          <col style={{ width: "92px" }} />
          <col style={{ width: "140px" }} />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
            <th scope="col">
              <VisuallyHidden>As bars</VisuallyHidden>
            </th>
            <th scope="col" className={classes.number}>
              Before
            </th>
            <th scope="col" className={classes.number}>
              After
            </th>
            <th scope="col" className={classes.number}>
              Difference
            </th>
          </tr>
        </thead>
        <tbody>
          {steps.map((pair) => {
            const { step, before, after } = pair
            const delta = deltaOf(pair)
            const tone = isNotable(delta)
              ? (delta?.seconds ?? 0) > 0
                ? classes.slower
                : classes.faster
              : classes.none
            return (
              <tr key={step}>
                <td>
                  {shortName(step)}
                  {(before?.count ?? after?.count ?? 1) > 1 && (
                    <span className={classes.none}>
                      {" "}
                      × {(after?.count ?? before?.count ?? 1).toLocaleString("en")}
                    </span>
                  )}
                </td>
                <td>
                  {before ? <StateWord state={before.state} /> : <span className={classes.none}>–</span>}
                </td>
                <td>{after ? <StateWord state={after.state} /> : <span className={classes.none}>–</span>}</td>
                <td>
                  <div className={classes.bars} aria-hidden="true">
                    <div
                      className={classes.bar}
                      style={{ width: `${((before?.seconds ?? 0) / longest) * 100}%` }}
                    />
                    <div
                      className={classes.bar}
                      data-after
                      style={{ width: `${((after?.seconds ?? 0) / longest) * 100}%` }}
                    />
                  </div>
                </td>
                <td className={classes.number}>{before ? duration(before.seconds) : "–"}</td>
                <td className={classes.number}>{after ? duration(after.seconds) : "–"}</td>
                <td className={`${classes.number} ${tone}`}>
                  {delta && Math.abs(delta.seconds) < 0.005 && "–"}
                  {delta && Math.abs(delta.seconds) >= 0.005 && (
                    <>
                      {delta.seconds < 0 ? "−" : "+"}
                      {duration(Math.abs(delta.seconds))}
                      {delta.part !== null && Math.abs(delta.part) < 10 && (
                        <>
                          {" "}
                          · {delta.part < 0 ? "−" : "+"}
                          {Math.abs(Math.round(delta.part * 100))} %
                        </>
                      )}
                    </>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Panel>
  )
}
