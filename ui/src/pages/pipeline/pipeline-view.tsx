import { Button, Tabs, Tooltip } from "@mantine/core"
import { Play } from "lucide-react"
import { lazy, Suspense, useMemo } from "react"
import type { Schema } from "@/api/client"
import { scheduleWords } from "@/parts/cron-words"
import { Skeleton } from "@/parts/empty"
import { openLaunch } from "@/parts/launch/state"
import { StateWord } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { Page } from "@/shell/page"
import { oneOf, useUrlState } from "@/shell/url-state"
import { runState } from "@/theme/states"
import { KIND_WORDS } from "../pipelines/columns"
import { usePauses } from "../pipelines/use-pauses"
import { useSchedules } from "../pipelines/use-pipelines"
import { Details } from "./details"
import { Grid } from "./grid"
import { Intervals } from "./intervals"
import classes from "./pipeline.module.css"
import { Runs } from "./runs"

const Graph = lazy(() => import("./graph").then((found) => ({ default: found.Graph })))
const Code = lazy(() => import("./code").then((found) => ({ default: found.Code })))

const TABS = ["grid", "graph", "runs", "intervals", "code", "details"] as const
type Tab = (typeof TABS)[number]
const TITLES: Readonly<Record<Tab, string>> = {
  grid: "Grid",
  graph: "Graph",
  runs: "Runs",
  intervals: "Intervals",
  code: "Code and versions",
  details: "Details",
}

const FIELDS = { tab: oneOf(["", ...TABS], "") }

/** Which tabs a pipeline has: a job that selects assets has no steps of its own, and few have intervals. */
function tabsOf({ pipeline, steps }: Schema["PipelineDetail"]): readonly Tab[] {
  if (pipeline.kind === "job" && steps.length === 0) return ["runs", "details"]
  return TABS.filter(
    (tab) => (tab !== "intervals" || pipeline.partitions !== null) && (tab !== "graph" || steps.length > 0),
  )
}

export function PipelineView({ detail }: { detail: Schema["PipelineDetail"] }) {
  const { pipeline } = detail
  const [state, setState] = useUrlState(FIELDS)
  const tabs = tabsOf(detail)
  const tab = tabs.find((each) => each === state.tab) ?? tabs[0] ?? "details"
  const may = useMay("operator")
  const pauses = usePauses()
  const schedule = useSchedules().get(pipeline.name)
  const { set: setPaused } = pauses
  useCommands(
    useMemo(
      () => [
        {
          id: "pipeline:run",
          title: `Run ${pipeline.name}`,
          group: "This pipeline",
          keys: "r",
          run: () => openLaunch({ kind: "pipeline", name: pipeline.name }),
        },
        ...(schedule && may
          ? [
              {
                id: "pipeline:pause",
                title: schedule.paused ? "Resume its schedule" : "Pause its schedule",
                group: "This pipeline",
                run: () => setPaused(schedule.id, !schedule.paused),
              },
            ]
          : []),
        ...tabs.map((each, index) => ({
          id: `pipeline:tab:${each}`,
          title: `Show ${TITLES[each].toLowerCase()}`,
          group: "This pipeline",
          keys: String(index + 1),
          run: () => setState({ tab: each }),
        })),
      ],
      [pipeline.name, schedule, may, setPaused, tabs, setState],
    ),
  )
  return (
    <Page
      title={pipeline.name}
      trail={[["Pipelines", "/pipelines"]]}
      sub={<Sub detail={detail} schedule={schedule} />}
      actions={
        <>
          {schedule && (
            <Tooltip label={may ? scheduleWords(schedule.schedule) : "Only operators may do this."}>
              <Button
                variant="default"
                disabled={!may}
                loading={pauses.busy === schedule.id}
                onClick={() => pauses.set(schedule.id, !schedule.paused)}
              >
                {schedule.paused ? "Resume schedule" : "Pause schedule"}
              </Button>
            </Tooltip>
          )}
          <Tooltip label={may ? "r" : "Only operators may start runs."}>
            <Button
              disabled={!may}
              leftSection={<Play size={13} aria-hidden="true" />}
              onClick={() => openLaunch({ kind: "pipeline", name: pipeline.name })}
            >
              Run
            </Button>
          </Tooltip>
        </>
      }
    >
      {pipeline.description && <p className={classes.description}>{pipeline.description}</p>}
      <Tabs
        value={tab}
        onChange={(to) => setState({ tab: TABS.find((each) => each === to) ?? "" }, { push: true })}
        keepMounted={false}
        className={classes.tabs}
      >
        <Tabs.List>
          {tabs.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {TITLES[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} className={classes.content}>
          <Suspense fallback={<Skeleton rows={8} />}>
            {tab === "grid" && <Grid detail={detail} />}
            {tab === "graph" && <Graph detail={detail} />}
            {tab === "runs" && <Runs detail={detail} />}
            {tab === "intervals" && <Intervals pipeline={pipeline} />}
            {tab === "code" && <Code name={pipeline.name} />}
            {tab === "details" && <Details detail={detail} schedule={schedule} />}
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

interface SubProps {
  readonly detail: Schema["PipelineDetail"]
  readonly schedule: Schema["ScheduleView"] | undefined
}

function Sub({ detail: { pipeline, steps }, schedule }: SubProps) {
  const last = pipeline.runs[0]
  return (
    <span className={classes.sub}>
      <span>
        {KIND_WORDS[pipeline.kind] ?? pipeline.kind}
        {steps.length > 0 && ` of ${steps.length} ${steps.length === 1 ? "task" : "tasks"}`}
      </span>
      {last ? (
        <span>
          last <StateWord state={runState(last)} /> <Time at={last.created_at} />
        </span>
      ) : (
        <span>never run</span>
      )}
      {schedule?.paused ? (
        <StateWord state="paused">paused{schedule.paused_why && `: ${schedule.paused_why}`}</StateWord>
      ) : (
        schedule?.next_at && (
          <span>
            next <Time at={schedule.next_at} />
          </span>
        )
      )}
    </span>
  )
}
