import { Button, SegmentedControl } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { Empty } from "@/parts/empty"
import { Filters, Find } from "@/parts/filters"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateMark, StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useOperations } from "@/parts/use-operations"
import { type Command, useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { assetPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { flag, oneOf, text, useUrlState } from "@/shell/url-state"
import { selectOf } from "../asset/state"
import classes from "./checks.module.css"
import { CheckDrawer } from "./detail"
import { failingWords, markOf, outcomeWords, WEIGHTS, weightOf } from "./words"

type Check = Schema["CheckView"]

const STATES = ["", "failed", "warned", "well"] as const
const fields = { state: oneOf(STATES, ""), blocking: flag(), q: text(), asset: text(), check: text() }
const AT_ONCE = 100

/** Every check of every asset, the worst first. */
export default function ChecksPage() {
  const [view, setView] = useUrlState(fields)
  const may = useMay("operator")
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/checks",
    {
      params: {
        query: {
          limit: AT_ONCE,
          ...(view.state ? { state: view.state } : {}),
          ...(view.blocking ? { blocking: true } : {}),
          ...(view.q ? { q: view.q } : {}),
        },
      },
    },
    paging,
  )
  const { rows, more } = useRows(query)
  const counts = query.data?.pages[0]?.counts
  const { run, said } = useRunning()
  const columns = useMemo(() => columnsFor(may ? run : null), [may, run])
  const commands = useMemo<Command[]>(
    () => [
      {
        id: "checks-failing",
        title: "Show only what fails",
        group: "Checks",
        keys: "f",
        run: () => setView({ state: "failed" }),
      },
      { id: "checks-all", title: "Show all checks", group: "Checks", run: () => setView({ state: "" }) },
      ...(may
        ? [{ id: "checks-run", title: "Run all checks now", group: "Checks", run: () => run(null) }]
        : []),
    ],
    [may, run, setView],
  )
  useCommands(commands)
  const opened = rows.find((each) => each.asset === view.asset && each.check === view.check)
  return (
    <Page title="Checks" sub={counts && <Sub counts={counts} />}>
      <Filters
        end={
          said && (
            <span role="status">
              <StateWord state={said.state}>{said.text}</StateWord>
            </span>
          )
        }
      >
        <Find
          label="Find a check"
          placeholder="Asset or check"
          value={view.q}
          onChange={(q) => setView({ q })}
        />
        <SegmentedControl
          aria-label="State"
          value={view.state}
          onChange={(state) => setView({ state: state as (typeof STATES)[number] })}
          data={[
            { value: "", label: "All" },
            { value: "failed", label: counts?.failed ? `Failing ${counts.failed}` : "Failing" },
            { value: "warned", label: counts?.warned ? `Warning ${counts.warned}` : "Warning" },
            { value: "well", label: "Well" },
          ]}
        />
        <SegmentedControl
          aria-label="Weight"
          value={view.blocking ? "blocking" : ""}
          onChange={(value) => setView({ blocking: value === "blocking" })}
          data={[
            { value: "", label: "Any" },
            { value: "blocking", label: "Blocking" },
          ]}
        />
      </Filters>
      <Panel>
        <Loaded query={query}>
          {() => (
            <Table
              label="Checks"
              columns={columns}
              rows={rows}
              rowKey={(row) => `${row.asset} ${row.check}`}
              onOpen={(row) => setView({ asset: row.asset, check: row.check }, { push: true })}
              selected={`${view.asset} ${view.check}`}
              more={more}
              empty={
                counts?.checks ? (
                  <Empty title="No check is like that.">Take a filter away.</Empty>
                ) : (
                  <Empty title="No asset has a check yet." command="weft check">
                    A function with <code>@asset_check(asset=prices, blocking=True)</code> looks at each
                    version before it counts. A blocking one that fails keeps the version from becoming
                    current.
                  </Empty>
                )
              }
            />
          )}
        </Loaded>
      </Panel>
      {view.asset && view.check && (
        <CheckDrawer
          asset={view.asset}
          check={view.check}
          known={opened}
          run={may ? run : null}
          onClose={() => setView({ asset: "", check: "" })}
        />
      )}
    </Page>
  )
}

function Sub({ counts }: { counts: Schema["Counts"] }) {
  if (counts.checks === 0) return "none"
  const parts = [`${counts.checks.toLocaleString("en-GB")} in all`]
  if (counts.failed)
    parts.push(`${counts.failed.toLocaleString("en-GB")} ${counts.failed === 1 ? "fails" : "fail"}`)
  if (counts.warned)
    parts.push(`${counts.warned.toLocaleString("en-GB")} ${counts.warned === 1 ? "warns" : "warn"}`)
  if (!counts.failed && !counts.warned) parts.push("none fails")
  return parts.join(" · ")
}

/** Running checks alone: what was asked for last, and how it went. */
function useRunning() {
  const [ids, setIds] = useState<readonly string[]>([])
  const { mutate } = api.useMutation("post", "/api/v1/checks", {
    onSuccess: ({ items }) => setIds(items.map((each) => each.id)),
  })
  const run = useMemo(
    () => (asset: string | null) =>
      mutate({ body: { selection: asset && selectOf(asset), partitions: null, wait: 0 } }),
    [mutate],
  )
  return { run, said: outcomeWords(useOperations(ids)) }
}

function columnsFor(run: ((asset: string) => void) | null): Column<Check>[] {
  return [
    {
      id: "check",
      title: "Check",
      width: "minmax(180px, 2.2fr)",
      cell: (row) => (
        <span className={classes.name} title={row.description || undefined}>
          <StateMark state={markOf(row)} />
          <b>{row.check}</b>
        </span>
      ),
    },
    {
      id: "asset",
      title: "Of",
      width: "minmax(140px, 2fr)",
      cell: (row) => <Link to={assetPath(row.asset, { tab: "checks" })}>{row.asset}</Link>,
    },
    {
      id: "weight",
      title: "A failure",
      width: "84px",
      cell: (row) => (
        <span className={classes.dim} title={WEIGHTS[weightOf(row)]}>
          {weightOf(row)}
        </span>
      ),
    },
    {
      id: "failing",
      title: "Fails on",
      width: "110px",
      align: "right",
      cell: (row) => (
        <span
          className={row.failed ? (row.state === "warned" ? classes.warned : classes.failed) : classes.dim}
        >
          {failingWords(row)}
        </span>
      ),
    },
    {
      id: "last",
      title: "Latest result",
      width: "minmax(120px, 2.4fr)",
      cell: (row) =>
        row.last && (
          <span className={classes.dim}>
            {row.last.passed ? "passed" : "failed"}
            {row.last.partition && ` on ${row.last.partition}`}
            {row.last.description && `: ${row.last.description}`}
          </span>
        ),
    },
    {
      id: "at",
      title: "When",
      width: "100px",
      align: "right",
      cell: (row) => <Time at={row.last?.at} none="never" />,
    },
    ...(run
      ? [
          {
            id: "act",
            title: "",
            width: "66px",
            align: "right" as const,
            cell: (row: Check) => (
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`Run the checks of ${row.asset}`}
                title={`Run the checks of ${row.asset} against its latest versions`}
                onClick={() => run(row.asset)}
              >
                Run
              </Button>
            ),
          },
        ]
      : []),
  ]
}
