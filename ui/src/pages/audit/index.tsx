import { Button, Drawer } from "@mantine/core"
import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Filters, Find } from "@/parts/filters"
import { Panel } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { SubjectLink } from "@/parts/subject-link"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { Page } from "@/shell/page"
import { text, useUrlState } from "@/shell/url-state"
import classes from "./audit.module.css"
import { detailWords } from "./words"

type Change = Schema["ChangeView"]

const fields = { by: text(), action: text() }
const AT_ONCE = 100

const columns: ReadonlyArray<Column<Change>> = [
  { id: "at", title: "When", width: "118px", cell: (row) => <Time at={row.at} /> },
  { id: "by", title: "Who", width: "minmax(90px, 1fr)", cell: (row) => row.by },
  { id: "action", title: "Did", width: "minmax(150px, 1.6fr)", cell: (row) => row.action },
  {
    id: "target",
    title: "To",
    width: "minmax(130px, 2fr)",
    cell: (row) => row.target && <SubjectLink subject={row.target} kind />,
  },
  {
    id: "detail",
    title: "With",
    width: "minmax(120px, 3fr)",
    cell: (row) => {
      const words = detailWords(row.detail)
      return (
        <span className={classes.detail} title={words}>
          {words}
        </span>
      )
    },
  },
  {
    id: "via",
    title: "Through",
    width: "minmax(110px, 1.2fr)",
    cell: (row) => [row.via, row.address].filter(Boolean).join(" "),
  },
]

/** Who changed what, when, through what; kept in a chain of hashes that can be proved. For admins alone. */
export default function AuditPage() {
  return useMay("admin") ? (
    <AuditLog />
  ) : (
    <Page title="Audit">
      <Panel>
        <Empty title="The audit log is for admins.">
          It has what everybody did, and from where. An admin can look something up for you, or make you admin
          under Settings, Users.
        </Empty>
      </Panel>
    </Page>
  )
}

function AuditLog() {
  const [view, setView] = useUrlState(fields)
  const [shown, setShown] = useState<Change | null>(null)
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
      <Filters>
        <Find label="Who" placeholder="Who" value={view.by} onChange={(by) => setView({ by })} width={180} />
        <Find
          label="Action"
          placeholder="Did what, such as runs.cancel"
          value={view.action}
          onChange={(action) => setView({ action })}
        />
      </Filters>
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
        {shown && <Entry entry={shown} />}
      </Drawer>
    </Page>
  )
}

/** One change with all that is known of it. */
function Entry({ entry }: { entry: Change }) {
  const facts = [
    ["When", <Time key="at" at={entry.at} />],
    ["Who", entry.by],
    ["To", entry.target ? <SubjectLink key="to" subject={entry.target} kind /> : ""],
    ["Through", [entry.via, entry.address].filter(Boolean).join(" from ")],
    ["Token", entry.token],
    ["Link of the chain", <code key="chain">{entry.chain}</code>],
  ] as const
  return (
    <>
      <dl className={classes.facts}>
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {entry.detail !== null && entry.detail !== undefined && (
        <pre className={classes.whole}>{JSON.stringify(entry.detail, null, 2)}</pre>
      )}
    </>
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
