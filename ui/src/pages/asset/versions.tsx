import { Button, TextInput, VisuallyHidden } from "@mantine/core"
import { useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { http, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { MetadataValues } from "@/parts/metadata-values"
import { Panel, Section } from "@/parts/panel"
import { StateMark, StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { runPath } from "@/shell/links"
import { list, useUrlState } from "@/shell/url-state"
import classes from "./asset.module.css"
import { RollbackDialog } from "./rollback-dialog"
import { type Asset, FIELDS } from "./state"
import { differences } from "./version-words"

type Version = Schema["VersionDetail"]
const VERSIONS = { ...FIELDS, version: list() }

/** Versions of the data: which is current, what each was made of; two can be compared, one can be gone back to. */
export default function Versions({ asset }: { asset: Asset }) {
  const [shown, set] = useUrlState(VERSIONS)
  const [typed, setTyped] = useState<string | null>(null)
  const [back, setBack] = useState<Version | null>(null)
  const editor = useMay("editor")
  const query = { limit: 100, ...(shown.partitions ? { partitions: shown.partitions } : {}) }
  const pages = useInfiniteQuery({
    queryKey: [
      "get",
      "/api/v1/assets/{key}/versions",
      { params: { path: { key: asset.key }, query } },
      "pages",
    ],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const { data } = await http.GET("/api/v1/assets/{key}/versions", {
        params: {
          path: { key: asset.key },
          query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) },
        },
        signal,
      })
      if (!data) throw new Error("The server sent no versions.")
      return data
    },
    getNextPageParam: (page) => page.next ?? undefined,
    retry: false,
  })
  const rows = useMemo(() => pages.data?.pages.flatMap((each) => each.items) ?? [], [pages.data])
  const open = shown.version
    .map((name) => rows.find((each) => each.version === name))
    .filter((each) => each !== undefined)
  const columns = useMemo<ReadonlyArray<Column<Version>>>(
    () => [
      {
        id: "pick",
        title: <VisuallyHidden>Look at it</VisuallyHidden>,
        width: "26px",
        cell: (row) => (
          <input
            type="checkbox"
            aria-label={`Show ${row.version}`}
            checked={shown.version.includes(row.version)}
            onChange={(event) =>
              set({
                version: event.currentTarget.checked
                  ? [...shown.version, row.version].slice(-2)
                  : shown.version.filter((each) => each !== row.version),
              })
            }
          />
        ),
      },
      { id: "version", title: "Version", width: "80px", cell: (row) => <code>{row.version}</code> },
      { id: "state", title: "State", width: "110px", cell: (row) => <VersionState version={row} /> },
      {
        id: "partition",
        title: "Partition",
        width: "minmax(130px, 1fr)",
        cell: (row) => row.partition ?? "whole",
      },
      {
        id: "data",
        title: "Content",
        width: "minmax(90px, 1fr)",
        cell: (row) => (
          <code className={classes.faint} title={row.data_version}>
            {row.data_version.slice(0, 14)}
          </code>
        ),
      },
      {
        id: "code",
        title: "Code",
        width: "minmax(90px, 1fr)",
        cell: (row) => (
          <code className={classes.faint} title={row.code_version}>
            {row.code_version.replace(/^\w+:/, "").slice(0, 8)}
            {asset.code && row.code_version !== asset.code ? " (other)" : ""}
          </code>
        ),
      },
      {
        id: "run",
        title: "Run",
        width: "84px",
        cell: (row) =>
          row.run ? (
            <Link to={runPath(row.run)}>
              <code>{row.run.slice(0, 8)}</code>
            </Link>
          ) : (
            <span className={classes.faint}>reported</span>
          ),
      },
      { id: "at", title: "Made", width: "110px", align: "right", cell: (row) => <Time at={row.at} /> },
      {
        id: "back",
        title: <VisuallyHidden>Go back to it</VisuallyHidden>,
        width: "96px",
        align: "right",
        cell: (row) =>
          !row.current && row.state !== "removed" && row.state !== "expired" ? (
            <Button
              size="compact-xs"
              variant="default"
              disabled={!editor}
              title={
                editor ? `Point ${row.partition ?? "it"} to ${row.version}` : "Only editors may roll back."
              }
              onClick={() => setBack(row)}
            >
              Roll back…
            </Button>
          ) : null,
      },
    ],
    [shown.version, set, editor, asset.code],
  )
  const problem = pages.error ? asProblem(pages.error) : null
  return (
    <>
      <Section
        title="Versions"
        note="newest first; tick one to look at it, two to compare them"
        actions={
          asset.partitions !== null && (
            <TextInput
              aria-label="Of which partitions"
              placeholder="Of all partitions: type some to narrow"
              w={300}
              value={typed ?? shown.partitions}
              onChange={(event) => setTyped(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== "Enter") return
                set({ partitions: (typed ?? "").trim() })
                setTyped(null)
              }}
              onBlur={() => {
                if (typed !== null) set({ partitions: typed.trim() })
                setTyped(null)
              }}
            />
          )
        }
      >
        {open.length === 2 && open[0] && open[1] && <Compared one={open[0]} other={open[1]} />}
        {open.length === 1 && open[0] && <Looked version={open[0]} />}
        <Panel>
          {problem && rows.length === 0 ? (
            <Refusal problem={problem} />
          ) : pages.isPending ? (
            <Skeleton rows={8} height={33} />
          ) : (
            <Table
              label={`Versions of ${asset.key}`}
              columns={columns}
              rows={rows}
              rowKey={(row) => row.version}
              more={
                pages.hasNextPage && !pages.isFetchingNextPage ? () => void pages.fetchNextPage() : undefined
              }
              empty={<Empty title="There is no version" command={`weft apply ${asset.key}`} />}
            />
          )}
        </Panel>
      </Section>
      {back && (
        <RollbackDialog
          asset={asset}
          partitions={back.partition ?? ""}
          to={back.version}
          onClose={() => setBack(null)}
        />
      )}
    </>
  )
}

function VersionState({ version }: { version: Version }) {
  if (version.current) return <StateWord state="fresh">current</StateWord>
  return (
    <StateWord state={version.state === "rejected" ? "rejected" : "skipped"}>
      {version.state || "kept"}
    </StateWord>
  )
}

/** One version in full. */
function Looked({ version }: { version: Version }) {
  return (
    <Panel className={classes.looked ?? ""}>
      <div className={classes.near}>
        <StateMark state={version.current ? "fresh" : "skipped"} label="" />
        <span>
          <strong>{version.version}</strong> {version.partition}
          <span className={classes.faint}>
            {" "}
            made of{" "}
            {Object.entries(version.inputs)
              .map(([name, count]) => `${name} (${count})`)
              .join(", ") || "nothing here"}
          </span>
        </span>
        <Time at={version.at} />
      </div>
      {version.checks.map((each) => (
        <div key={each.check} className={classes.near}>
          <StateMark state={each.passed ? "passed" : each.serious ? "failed" : "warned"} />
          <span>
            {each.check} <span className={classes.faint}>{each.description}</span>
          </span>
          <span />
        </div>
      ))}
      {version.notes.map((each) => (
        <div key={each.at} className={classes.near}>
          <StateMark state="accepted" label="" />
          <span>
            {each.action} by {each.by || "unknown"}
            {each.reason ? `: ${each.reason}` : ""}
          </span>
          <Time at={each.at} />
        </div>
      ))}
      <MetadataValues metadata={version.metadata} />
    </Panel>
  )
}

/** What differs between two versions. */
function Compared({ one, other }: { one: Version; other: Version }) {
  const found = differences(one, other)
  return (
    <Panel className={classes.looked ?? ""}>
      <table className={classes.compared}>
        <thead>
          <tr>
            <th scope="col">
              {found.filter((each) => !each.same).length === 0 ? "Nothing differs" : "What differs"}
            </th>
            <th scope="col">
              {one.version} {one.partition}
            </th>
            <th scope="col">
              {other.version} {other.partition}
            </th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {found.map((each) => (
            <tr key={each.name} data-same={each.same || undefined}>
              <th scope="row">{each.name}</th>
              <td>{each.one}</td>
              <td>{each.other}</td>
              <td>{each.same ? "same" : each.change}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
