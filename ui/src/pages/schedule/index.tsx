import { Button } from "@mantine/core"
import { Link, useParams } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal, Skeleton } from "@/parts/empty"
import { Panel } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { assetPath, pipelinePath } from "@/shell/links"
import { Page } from "@/shell/page"
import { PauseDialog, PauseSwitch } from "../schedules/pause"
import { when } from "../schedules/words"
import { Condition } from "./condition"
import { Facts } from "./facts"
import { Decisions } from "./history"
import { NextTicks } from "./next"
import { Sensor } from "./sensor"

/** What asks for runs by itself: when next and what that starts, what it decided and why, and how to stop it. */
export default function SchedulePage() {
  const { name = "" } = useParams({ strict: false })
  const id = name.includes(":") ? name : `schedule:${name}`
  const query = api.useQuery("get", "/api/v1/automations/{id}/explain", { params: { path: { id } } })
  const isSchedule = id.startsWith("schedule:")
  const schedule = api.useQuery(
    "get",
    "/api/v1/schedules/{name}",
    { params: { path: { name: id.slice("schedule:".length) } } },
    { enabled: isSchedule },
  )
  const automation = query.data?.automation
  const [pausing, setPausing] = useState(false)
  const may = useMay("operator")
  const { mutate: resume } = api.useMutation("post", "/api/v1/automations/{id}/resume")
  const paused = automation?.paused
  const commands = useMemo(
    () =>
      !may || paused === undefined
        ? []
        : [
            {
              id: "schedule:pause",
              title: paused ? "Resume it" : "Pause it",
              group: "This page",
              keys: "p",
              run: () => (paused ? resume({ params: { path: { id } } }) : setPausing(true)),
            },
          ],
    [id, may, paused, resume],
  )
  useCommands(commands)
  if (automation === undefined)
    return (
      <Page title={name} trail={TRAIL}>
        <Panel>{query.error ? <Refusal problem={asProblem(query.error)} /> : <Skeleton rows={6} />}</Panel>
      </Page>
    )
  const target =
    automation.kind === "condition" ? assetPath(automation.asks_for) : pipelinePath(automation.asks_for)
  return (
    <Page
      title={automation.name}
      heading={
        <>
          <StateMark
            state={automation.paused ? "paused" : "ok"}
            size={15}
            label={automation.paused ? "paused" : "asks for runs"}
          />{" "}
          {automation.name}
        </>
      }
      trail={TRAIL}
      sub={when(schedule.data?.schedule ?? automation.when)}
      actions={
        <>
          <PauseSwitch automation={automation} />
          <Button variant="default" component={Link} to={target}>
            Open {automation.asks_for}
          </Button>
        </>
      }
    >
      <Facts automation={automation} schedule={schedule.data} />
      {isSchedule && <NextTicks name={automation.name} zone={schedule.data?.timezone ?? "UTC"} />}
      {automation.kind === "sensor" && <Sensor automation={automation} />}
      {query.data?.condition && (
        <Condition condition={query.data.condition} asks={query.data.asks} heldBack={query.data.held_back} />
      )}
      <Decisions id={id} />
      {pausing && <PauseDialog automation={automation} onClose={() => setPausing(false)} />}
    </Page>
  )
}

const TRAIL = [["Schedules", "/schedules"]] as const
