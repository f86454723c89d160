import { Button, Drawer, TextInput } from "@mantine/core"
import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Panel } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { Page } from "@/shell/page"
import { text, useUrlState } from "@/shell/url-state"
import classes from "./audit.module.css"

type Entry = Schema["ChangeView"]

const fields = { by: text(), action: text() }
const AT_ONCE = 100

const columns: ReadonlyArray<Column<Entry>> = [
  { id: "at", title: "When", width: "118px", cell: (row) => <Time at={row.at} /> },
  { id: "by", title: "Who", width: "minmax(90px, 1fr)", cell: (row) => row.by },
  { id: "action", title: "Did", width: "minmax(130px, 1.4fr)", cell: (row) => row.action },
  {
    id: "target",
    title: "To",
    width: "minmax(140px, 2.4fr)",
    cell: (row) => <span title={row.target}>{row.target}</span>,
  },
  {
    id: "detail",
    title: "With",
    width: "minmax(120px, 3fr)",
    cell: (row) => <code className={classes.detail}>{short(row.detail)}</code>,
  },
  {
    id: "via",
    title: "Through",
    width: "minmax(110px, 1.2fr)",
    cell: (row) => [row.via, row.address].filter(Boolean).join(" "),
  },
]

function short(detail: unknown): string {
  if (detail === null || detail === undefined) return ""
  const written = typeof detail === "string" ? detail : JSON.stringify(detail)
  return written === "{}" ? "" : written
}

/** Who changed what, when, through what; kept in a chain of hashes that can be proved. */
export default function AuditPage() {
  const [view, setView] = useUrlState(fields)
  const [shown, setShown] = useState<Entry | null>(null)
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/audit",
    {
      params: {
        query: {
          limit: AT_ONCE,
          ...(view.by ? { by: view.by } : {}),
          ...(view.action ? { action: view.action } : {}),
        },
      },
    },
    {
      pageParamName: "before",
      initialPageParam: null as number | null,
      getNextPageParam: (page) => (page as Schema["AuditPage"]).next ?? undefined,
    },
  )
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const proof = api.useQuery("get", "/api/v1/audit/verify", {}, { enabled: false })
  return (
    <Page
      title="Audit"
      sub={proof.data && <Proved verdict={proof.data} />}
      actions={
        <Button variant="default" loading={proof.isFetching} onClick={() => void proof.refetch()}>
          Prove the chain
        </Button>
      }
    >
      <div className={classes.filters}>
        <TextInput
          aria-label="Who"
          placeholder="who"
          value={view.by}
          onChange={(event) => setView({ by: event.currentTarget.value })}
        />
        <TextInput
          aria-label="Action"
          placeholder="did what, such as runs.cancel"
          value={view.action}
          onChange={(event) => setView({ action: event.currentTarget.value })}
        />
      </div>
      <Panel>
        {query.error && !query.data ? (
          <Refusal problem={asProblem(query.error)} />
        ) : query.data === undefined ? (
          <Skeleton />
        ) : (
          <Table
            label="Changes"
            columns={columns}
            rows={rows}
            rowKey={(row) => String(row.position)}
            onOpen={setShown}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            empty={
              <Empty title="No change is recorded that fits.">
                Each change by a person, a token or a command is one.
              </Empty>
            }
          />
        )}
      </Panel>
      <Drawer
        opened={shown !== null}
        onClose={() => setShown(null)}
        position="right"
        title={shown?.action}
        size="lg"
      >
        {shown && <pre className={classes.whole}>{JSON.stringify(shown, null, 2)}</pre>}
      </Drawer>
    </Page>
  )
}

function Proved({ verdict }: { verdict: Schema["Verdict"] }) {
  return verdict.broken_at === null ? (
    <StateWord state="passed">
      all {verdict.entries.toLocaleString("en-US")} entries are as they were written
    </StateWord>
  ) : (
    <StateWord state="failed">the chain is broken at entry {verdict.broken_at}</StateWord>
  )
}
