import { Button, Menu, Tabs, Tooltip } from "@mantine/core"
import { useParams } from "@tanstack/react-router"
import { Ellipsis } from "lucide-react"
import { lazy, Suspense, useEffect, useMemo } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { StateWord } from "@/parts/state-mark"
import { type Command, useCommands } from "@/shell/commands"
import { Page } from "@/shell/page"
import { useUrlState } from "@/shell/url-state"
import { runState } from "@/theme/states"
import { askRunAhead } from "./asked-ahead"
import { Banners } from "./banners"
import { Facts } from "./facts"
import { Pinned } from "./pinned"
import classes from "./run.module.css"
import { FIELDS, type Run, type RunPageState, TABS, type Tab, titleOf } from "./state"
import { useActions } from "./use-actions"
import { useAttempts } from "./use-attempts"

const LOADS = {
  timeline: () => import("./timeline"),
  graph: () => import("./graph"),
  logs: () => import("./logs"),
  values: () => import("./values"),
  artifacts: () => import("./artifacts"),
  events: () => import("./events"),
  code: () => import("./code"),
  details: () => import("./details"),
}
const PAGES = {
  timeline: lazy(LOADS.timeline),
  graph: lazy(LOADS.graph),
  logs: lazy(LOADS.logs),
  values: lazy(LOADS.values),
  artifacts: lazy(LOADS.artifacts),
  events: lazy(LOADS.events),
  code: lazy(LOADS.code),
  details: lazy(LOADS.details),
}
const TITLES: Readonly<Record<Tab, string>> = {
  timeline: "Timeline",
  graph: "Graph",
  logs: "Logs",
  values: "Values",
  artifacts: "Artifacts",
  events: "Events",
  code: "Code",
  details: "Details",
}
const TRAIL = [["Runs", "/runs"]] as const
/** Tabs that use the whole height of the window; the others scroll, as tables do. */
const WHOLE: ReadonlySet<Tab> = new Set(["timeline", "graph", "logs"])

void askRunAhead()

/** A run: what became of it, and all that is known of how. */
export default function RunPage() {
  const { id = "" } = useParams({ strict: false })
  const [{ tab, partition }] = useUrlState(FIELDS) as [RunPageState, unknown]
  // what the tab needs comes beside the run, not after it; a chunk that does not come is told of where it is shown
  useEffect(() => void LOADS[tab]().catch(() => undefined), [tab])
  useAttempts(id, partition, tab === "logs")
  const query = api.useQuery(
    "get",
    "/api/v1/runs/{id}",
    { params: { path: { id } } },
    { placeholderData: undefined },
  )
  if (query.data) return <Shown key={query.data.id} run={query.data} />
  const problem = query.error ? asProblem(query.error) : null
  return (
    <Page title={`Run ${id.slice(0, 8)}`} trail={TRAIL}>
      {problem?.status === 404 ? (
        <Empty title={problem.message} command="weft runs">
          {problem.remedy}
        </Empty>
      ) : problem ? (
        <Refusal problem={problem} retry={() => void query.refetch()} />
      ) : (
        <Skeleton rows={8} />
      )}
    </Page>
  )
}

function Shown({ run }: { run: Run }) {
  const [state, set] = useUrlState(FIELDS) as [RunPageState, ReturnType<typeof useUrlState<typeof FIELDS>>[1]]
  const { actions } = useActions(run)
  const tabs = TABS.filter((each) => each !== "graph" || run.pipeline !== null)
  useCommands(
    useMemo(
      (): readonly Command[] => [
        ...TABS.filter((each) => each !== "graph" || run.pipeline !== null).map((each, at) => ({
          id: `run-${each}`,
          title: `Show ${TITLES[each].toLowerCase()}`,
          group: "This run",
          keys: String(at + 1),
          run: () => set({ tab: each }, { push: true }),
        })),
        ...actions
          .filter((each) => each.refused === "")
          .map(({ id, title, keys, run: act }) => ({
            id: `run-${id}`,
            title,
            group: "This run",
            run: act,
            ...(keys ? { keys } : {}),
          })),
      ],
      [set, actions, run.pipeline],
    ),
  )
  const [first, ...others] = actions
  const Shown = PAGES[tabs.includes(state.tab) ? state.tab : "timeline"]
  const title = titleOf(run)
  return (
    <Page
      full={WHOLE.has(state.tab) && !(state.tab === "timeline" && state.table)}
      title={`${title} ${run.id.slice(0, 8)}`}
      trail={TRAIL}
      heading={
        <>
          {title}{" "}
          <span className={classes.faint} style={{ fontWeight: 450 }}>
            {run.partition ?? run.id.slice(0, 8)}
          </span>
        </>
      }
      sub={
        <span role="status">
          <StateWord state={runState(run)} />
          {run.reason && run.phase === "finished" && <span className={classes.dim}> · {run.reason}</span>}
        </span>
      }
      actions={
        <>
          {first && (
            <Tooltip label={first.refused} disabled={first.refused === ""}>
              <Button
                variant={first.danger ? "default" : "filled"}
                disabled={first.refused !== ""}
                onClick={first.run}
              >
                {first.title}
              </Button>
            </Tooltip>
          )}
          {others.length > 0 && (
            <Menu position="bottom-end" width={290}>
              <Menu.Target>
                <Button variant="default" px={8} aria-label="More actions">
                  <Ellipsis size={15} />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {others.map((each) => (
                  <Menu.Item
                    key={each.id}
                    color={each.danger ? "red" : undefined}
                    disabled={each.refused !== ""}
                    title={each.refused}
                    onClick={each.run}
                  >
                    {each.title}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      <Facts run={run} />
      <Banners run={run} set={set} />
      <Tabs
        value={state.tab}
        onChange={(tab) => set({ tab: tab as Tab }, { push: true })}
        keepMounted={false}
      >
        <Tabs.List>
          {tabs.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {TITLES[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      <div className={classes.body}>
        {state.tab === "timeline" && <Pinned run={run} set={set} />}
        <Suspense fallback={<Skeleton rows={8} />}>
          <Shown run={run} state={state} set={set} />
        </Suspense>
      </div>
    </Page>
  )
}
