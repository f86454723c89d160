import { ActionIcon, Button, Tooltip } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { X } from "lucide-react"
import { api, type Schema } from "@/api/client"
import { duration } from "@/parts/clock"
import { type Line, shortName } from "@/parts/gantt/model"
import { openLaunch } from "@/parts/launch/state"
import { StateWord } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { assetPath, runPath } from "@/shell/links"
import { stateOf } from "@/theme/states"
import { KeptValue } from "./kept-value"
import classes from "./run.module.css"
import { isLive, type Run, type TabProps } from "./state"

interface PanelProps {
  readonly run: Run
  readonly line: Line
  readonly set: TabProps["set"]
  readonly onClose: () => void
  readonly onToggle: (line: Line) => void
}

/** A step of the run, or one of its step runs: every attempt with its error and log, what came out, and what can be done. */
export function StepPanel({ run, line, set, onClose, onToggle }: PanelProps) {
  const may = useMay("operator")
  const own = line.run === run.id
  const many = line.count > 1
  if (line.kind === "run")
    return (
      <aside className={classes.side} aria-label={`Run of ${line.label}`}>
        <Head line={line} title={line.label} onClose={onClose} />
        <div className={classes.sideActions}>
          <Button component={Link} to={runPath(line.run)} variant="default">
            Open run {line.run.slice(0, 8)}
          </Button>
          <Button variant="default" onClick={() => onToggle(line)}>
            {line.opened ? "Fold its steps" : "Show its steps here"}
          </Button>
        </div>
      </aside>
    )
  const task = shortName(line.step)
  return (
    <aside className={classes.side} aria-label={`Step ${line.label}`}>
      <Head
        line={line}
        title={line.kind === "item" ? `${task} [${line.item}]` : line.label}
        onClose={onClose}
      />
      <div className={classes.sideActions}>
        {many ? (
          <Button variant="default" onClick={() => onToggle(line)}>
            {line.opened ? "Fold" : `Show all ${line.count.toLocaleString("en")}`}
          </Button>
        ) : (
          own && (
            <Button
              variant="default"
              onClick={() => set({ tab: "logs", log: lastLog(line), line: "" }, { push: true })}
            >
              Log
            </Button>
          )
        )}
        {run.pipeline === null ? (
          <Button component={Link} to={assetPath(line.step)} variant="default">
            Open asset
          </Button>
        ) : (
          own && (
            <Tooltip
              label={may ? "A new run that keeps what is above this step" : "This asks for the role operator"}
            >
              <Button
                variant="default"
                disabled={!may || isLive(run)}
                onClick={() => openLaunch({ rerunOf: run.id, mode: "from", step: task })}
              >
                Re-run from here…
              </Button>
            </Tooltip>
          )
        )}
      </div>
      {many ? <Counts line={line} /> : <Attempts run={line.run} line={line} set={own ? set : null} />}
      {!many && run.pipeline !== null && <Value run={line.run} line={line} />}
    </aside>
  )
}

function lastLog(line: Line): string {
  return line.parts.findLast((each) => each.log !== null)?.log ?? ""
}

function Head({ line, title, onClose }: { line: Line; title: string; onClose: () => void }) {
  return (
    <div className={classes.sideHead}>
      <div>
        <h2>{title}</h2>
        <p>
          <StateWord state={line.state} />
          {line.begun !== null && line.ended !== null && (
            <span className={classes.dim}> · {duration((line.ended - line.begun) / 1000)}</span>
          )}
        </p>
      </div>
      <ActionIcon aria-label="Close" onClick={onClose}>
        <X size={15} />
      </ActionIcon>
    </div>
  )
}

function Counts({ line }: { line: Line }) {
  return (
    <>
      <h3>{line.count.toLocaleString("en")} step runs</h3>
      <dl className={classes.pairs}>
        {Object.entries(line.states).map(([state, count]) => (
          <div key={state} style={{ display: "contents" }}>
            <dt>
              <StateWord state={state}>{stateOf(state).label}</StateWord>
            </dt>
            <dd>{count.toLocaleString("en")}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function Attempts({ run, line, set }: { run: string; line: Line; set: TabProps["set"] | null }) {
  const query = api.useQuery(
    "get",
    "/api/v1/runs/{id}/logs",
    {
      params: {
        path: { id: run },
        query: line.step.includes(":")
          ? { step: line.step, item: line.item, limit: 50 }
          : { step: line.step, partition: line.item || null, limit: 50 },
      },
    },
    { placeholderData: undefined },
  )
  const attempts: readonly Schema["LogView"][] = query.data?.items ?? []
  if (attempts.length === 0) return null
  return (
    <>
      <h3>{attempts.length === 1 ? "Attempt" : `${attempts.length} attempts`}</h3>
      {attempts.map((each) => (
        <div key={`${each.attempt} ${each.at}`} className={classes.attempt}>
          <div>
            <StateWord state={each.outcome}>
              {each.attempt}. {stateOf(each.outcome).label}
            </StateWord>
            <span className={classes.dim}>{duration(each.seconds)}</span>
            <span className={classes.faint}>
              <Time at={each.at} />
            </span>
            {each.log && set && (
              <button
                type="button"
                className={`${classes.link} ${classes.right}`}
                style={{ background: "none", border: 0, font: "inherit", cursor: "pointer", padding: 0 }}
                onClick={() => set({ tab: "logs", log: each.log ?? "", line: "" }, { push: true })}
              >
                Log
              </button>
            )}
          </div>
          {each.error && <p className={classes.error}>{each.error}</p>}
          {each.traceback && <pre>{each.traceback.trimEnd()}</pre>}
        </div>
      ))}
    </>
  )
}

function Value({ run, line }: { run: string; line: Line }) {
  const ended = ["succeeded", "reused"].includes(line.state)
  const query = api.useQuery(
    "get",
    "/api/v1/runs/{id}/values",
    { params: { path: { id: run }, query: { step: line.step, item: line.item } } },
    { enabled: ended, placeholderData: undefined, retry: false },
  )
  if (!ended || query.data === undefined) return null
  return (
    <>
      <h3>Returned</h3>
      <KeptValue
        run={run}
        step={line.step}
        item={line.item}
        value={query.data.returned}
        kept={query.data.returned_as}
        title="value"
        label={`What ${line.step} returned`}
        height="260px"
      />
    </>
  )
}
