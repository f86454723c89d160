import { Button, Menu, Tabs, Tooltip } from "@mantine/core"
import { Ellipsis } from "lucide-react"
import { lazy, Suspense, useCallback, useMemo, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { PlanDrawer } from "@/parts/plan-drawer"
import { type Command, useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { Page } from "@/shell/page"
import { useUrlState } from "@/shell/url-state"
import { type Act, Acting, actsOf } from "./acting"
import classes from "./asset.module.css"
import { Headline } from "./headline"
import { Overview } from "./overview"
import { type Asset, FIELDS, TABS, type Tab } from "./state"

const Partitions = lazy(() => import("./partitions"))
const History = lazy(() => import("./history"))
const Versions = lazy(() => import("./versions"))
const Checks = lazy(() => import("./checks"))
const Code = lazy(() => import("./code"))
const Lineage = lazy(() => import("./lineage"))

const TITLES: Readonly<Record<Tab, string>> = {
  overview: "Overview",
  partitions: "Partitions",
  history: "History",
  versions: "Versions",
  checks: "Checks",
  code: "Code",
  lineage: "Lineage",
}

/** An asset: how it stands and why, its partitions, what was made of it and when, and what can be done about it. */
export default function AssetPage({ assetKey }: { assetKey: string }) {
  const query = api.useQuery(
    "get",
    "/api/v1/assets/{key}",
    { params: { path: { key: assetKey } } },
    { placeholderData: undefined },
  )
  const trail = [["Assets", "/assets"]] as const
  const problem = query.error ? asProblem(query.error) : null
  // the last truth stays while the server is away, but not where the asset is gone from the definitions
  if (query.data && problem?.status !== 404) return <Shown asset={query.data} />
  return (
    <Page title={assetKey} trail={trail}>
      {problem?.status === 404 ? (
        <Empty title={problem.message} command="weft ls">
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

function Shown({ asset }: { asset: Asset }) {
  const [shown, set] = useUrlState(FIELDS)
  const [act, setAct] = useState<{ act: Act; partitions: string } | null>(null)
  const operator = useMay("operator")
  const editor = useMay("editor")
  const may = useCallback((role: Act["role"]) => (role === "editor" ? editor : operator), [editor, operator])
  const tabs = TABS.filter((each) => each !== "partitions" || asset.partitions !== null)
  const acts = useMemo(() => actsOf(asset), [asset])
  const begin = useCallback((each: Act, partitions = "") => setAct({ act: each, partitions }), [])
  const commands = useMemo<readonly Command[]>(
    () => [
      ...acts
        .filter((each) => each.role === null || may(each.role))
        .map((each) => ({
          id: `asset:${each.id}`,
          title: each.title,
          group: "This asset",
          ...(each.keys ? { keys: each.keys } : {}),
          run: () => begin(each),
        })),
      ...tabs.map((tab, place) => ({
        id: `asset:tab:${tab}`,
        title: TITLES[tab],
        group: "This asset",
        keys: String(place + 1),
        run: () => set({ tab }, { push: true }),
      })),
    ],
    [acts, tabs, begin, may, set],
  )
  useCommands(commands)
  const [plan, ...others] = acts
  return (
    <Page
      title={asset.key}
      trail={[["Assets", "/assets"]]}
      sub={asset.description ? undefined : kindWords(asset)}
      actions={
        <>
          {others.slice(0, 1).map((each) => (
            <Doing key={each.id} act={each} may={may(each.role)} onClick={() => begin(each)} />
          ))}
          {plan && <Doing act={plan} may={may(plan.role)} primary onClick={() => begin(plan)} />}
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" aria-label="More actions" px={7}>
                <Ellipsis size={15} aria-hidden="true" />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {others.slice(1).map((each) => (
                <Menu.Item
                  key={each.id}
                  disabled={!may(each.role)}
                  title={may(each.role) ? undefined : needs(each)}
                  onClick={() => begin(each)}
                >
                  {each.title}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <Headline asset={asset} />
      <Tabs
        value={tabs.includes(shown.tab) ? shown.tab : "overview"}
        onChange={(tab) => tab && set({ tab: tab as Tab }, { push: true })}
        keepMounted={false}
        className={classes.tabs}
      >
        <Tabs.List>
          {tabs.map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {TITLES[tab]}
              {tab === "checks" && asset.checks.length > 0 && (
                <span className={classes.count}>{asset.checks.length}</span>
              )}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Suspense fallback={<Skeleton rows={8} />}>
          <Tabs.Panel value="overview">
            <Overview asset={asset} />
          </Tabs.Panel>
          <Tabs.Panel value="partitions">
            <Partitions asset={asset} onAct={begin} />
          </Tabs.Panel>
          <Tabs.Panel value="history">
            <History asset={asset} />
          </Tabs.Panel>
          <Tabs.Panel value="versions">
            <Versions asset={asset} />
          </Tabs.Panel>
          <Tabs.Panel value="checks">
            <Checks asset={asset} />
          </Tabs.Panel>
          <Tabs.Panel value="code">
            <Code asset={asset} />
          </Tabs.Panel>
          <Tabs.Panel value="lineage">
            <Lineage asset={asset} />
          </Tabs.Panel>
        </Suspense>
      </Tabs>
      {act?.act.ask ? (
        <PlanDrawer
          opened
          onClose={() => setAct(null)}
          title={`${act.act.title.replace("…", "")} ${asset.key}`}
          {...act.act.ask(act.partitions)}
        />
      ) : (
        act && (
          <Acting asset={asset} act={act.act.id} partitions={act.partitions} onClose={() => setAct(null)} />
        )
      )}
    </Page>
  )
}

function needs(act: Act): string {
  return `Only ${act.role === "editor" ? "editors" : "operators"} may do that.`
}

interface DoingProps {
  readonly act: Act
  readonly may: boolean
  readonly primary?: boolean
  readonly onClick: () => void
}

function Doing({ act, may, primary = false, onClick }: DoingProps) {
  return (
    <Tooltip label={may ? act.about : needs(act)} maw={320} multiline>
      <Button variant={primary ? "filled" : "default"} disabled={!may} onClick={onClick}>
        {act.title}
      </Button>
    </Tooltip>
  )
}

function kindWords(asset: Asset): string {
  if (asset.kind === "external") return "made elsewhere, observed here"
  if (asset.kind === "outlet") return `made by ${asset.made_by}`
  return ""
}
