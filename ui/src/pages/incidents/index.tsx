import { Button, Tabs } from "@mantine/core"
import { useMemo, useState } from "react"
import { api } from "@/api/client"
import { type Command, useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { Page } from "@/shell/page"
import { oneOf, useUrlState } from "@/shell/url-state"
import { IncidentList } from "./list"
import { Rules } from "./rules"
import { SilenceDialog } from "./silence-dialog"
import { Silences } from "./silences"

const TABS = ["incidents", "rules", "silences"] as const
const fields = { tab: oneOf(TABS, "incidents") }

/** What is wrong, grouped by where it began; whom it is told, and what is kept quiet. */
export default function IncidentsPage() {
  const [{ tab }, setView] = useUrlState(fields)
  const [silencing, setSilencing] = useState(false)
  const may = useMay("editor")
  const open = api.useQuery("get", "/api/v1/incidents", {
    params: { query: { limit: 200, phase: ["open"] } },
  })
  const silenced = api.useQuery("get", "/api/v1/silences").data?.items.length ?? 0
  const commands = useMemo<Command[]>(
    () => [
      ...TABS.map((each) => ({
        id: `alerts-${each}`,
        title: `Show ${each === "rules" ? "rules and channels" : each}`,
        group: "Alerts",
        run: () => setView({ tab: each }, { push: true }),
      })),
      ...(may
        ? [{ id: "silence", title: "Silence…", group: "Alerts", keys: "m", run: () => setSilencing(true) }]
        : []),
    ],
    [may, setView],
  )
  useCommands(commands)
  const count = open.data?.items.length
  return (
    <Page
      title="Alerts"
      sub={
        count === undefined
          ? undefined
          : count === 0
            ? "nothing is open"
            : `${count}${open.data?.next ? " and more" : ""} open, nobody takes care yet`
      }
      actions={
        <Button
          variant="default"
          disabled={!may}
          title={may ? undefined : "Asks for the role editor."}
          onClick={() => setSilencing(true)}
        >
          Silence…
        </Button>
      }
    >
      <Tabs
        value={tab}
        onChange={(next) => setView({ tab: (next ?? "incidents") as typeof tab }, { push: true })}
        keepMounted={false}
      >
        <Tabs.List mb={14}>
          <Tabs.Tab value="incidents">Incidents</Tabs.Tab>
          <Tabs.Tab value="rules">Rules and channels</Tabs.Tab>
          <Tabs.Tab value="silences">Silences{silenced > 0 && ` ${silenced}`}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="incidents">
          <IncidentList />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <Rules />
        </Tabs.Panel>
        <Tabs.Panel value="silences">
          <Silences onNew={() => setSilencing(true)} />
        </Tabs.Panel>
      </Tabs>
      {silencing && <SilenceDialog onClose={() => setSilencing(false)} />}
    </Page>
  )
}
