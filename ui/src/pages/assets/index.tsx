import { Checkbox, Select, VisuallyHidden } from "@mantine/core"
import { ChevronDown, ChevronRight } from "lucide-react"
import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react"
import { api } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Panel } from "@/parts/panel"
import { SelectionField } from "@/parts/selection-field"
import { keysOf } from "@/parts/selection-terms"
import { standingOf, standingWords } from "@/parts/standing"
import { StateWord } from "@/parts/state-mark"
import { StripBar } from "@/parts/strip-bar"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useCommands } from "@/shell/commands"
import { assetPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { useUrlState } from "@/shell/url-state"
import classes from "./assets.module.css"
import { type Act, Bulk } from "./bulk"
import { Facets } from "./facets"
import {
  asked,
  type Filters,
  fields,
  isFiltered,
  type Row,
  rowsOf,
  selectionOf,
  toggled,
  withoutClosed,
} from "./view"

const AT_ONCE = 200

export default function AssetsPage() {
  const [view, setView] = useUrlState(fields)
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [all, setAll] = useState(false)
  const [act, setAct] = useState<Act | null>(null)
  const writing = useRef<HTMLInputElement>(null)
  const filters: Filters = view
  const grouped = view.order === "group"
  const closed = grouped ? view.closed : []
  const facets = api.useQuery("get", "/api/v1/asset-facets", { params: { query: asked(filters) } })
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/assets",
    {
      params: {
        query: {
          ...asked({ ...filters, select: withoutClosed(filters.select, closed) }),
          order: view.order,
          limit: AT_ONCE,
        },
      },
    },
    paging,
  )
  const { rows: assets, more } = useRows(query)
  const total = facets.data?.total ?? 0
  const counts = useMemo(() => {
    const shown = (facets.data?.group ?? []).filter(
      (each) => each.count > 0 && (view.group.length === 0 || view.group.includes(each.value)),
    )
    return new Map(shown.map((each) => [each.value, each.count]))
  }, [facets.data, view.group])
  const heads = grouped && counts.size > 1
  const rows = useMemo<readonly Row[]>(
    () =>
      heads
        ? rowsOf(assets, counts, closed, !query.hasNextPage)
        : assets.map((asset) => ({ kind: "asset" as const, asset })),
    [assets, counts, closed, heads, query.hasNextPage],
  )
  const pick = useCallback((key: string) => {
    setAll(false)
    setPicked((before) => new Set(toggled([...before], key)))
  }, [])
  const clear = useCallback(() => {
    setAll(false)
    setPicked(new Set())
  }, [])
  const change = useCallback(
    (next: Parameters<typeof setView>[0]) => {
      setAll(false)
      setView(next)
    },
    [setView],
  )
  const columns = useMemo(() => columnsOf(picked, all, pick), [picked, all, pick])
  const everything = selectionOf(filters)
  const chosen = all ? (everything ?? "") : keysOf([...picked])
  const count = all ? total : picked.size
  const commands = useMemo(
    () => [
      {
        id: "assets:select",
        title: "Write a selection",
        group: "Assets",
        keys: "/",
        run: () => writing.current?.focus(),
      },
      {
        id: "assets:fold",
        title: view.closed.length > 0 ? "Open all groups" : "Fold all groups",
        group: "Assets",
        keys: "z",
        run: () => setView({ order: "group", closed: view.closed.length > 0 ? [] : [...counts.keys()] }),
      },
      ...(everything === null || total === 0
        ? []
        : [
            {
              id: "assets:all",
              title: `Choose all ${total} that match`,
              group: "Assets",
              keys: "shift+a",
              run: () => setAll(true),
            },
          ]),
      ...(count === 0
        ? []
        : [
            {
              id: "assets:plan",
              title: `Plan the ${count} chosen`,
              group: "Assets",
              keys: "p",
              run: () => setAct("plan"),
            },
            {
              id: "assets:materialize",
              title: `Materialize the ${count} chosen`,
              group: "Assets",
              keys: "m",
              run: () => setAct("materialize"),
            },
            {
              id: "assets:accept",
              title: `Accept the ${count} chosen`,
              group: "Assets",
              run: () => setAct("accept"),
            },
            { id: "assets:clear", title: "Choose none", group: "Assets", keys: "Escape", run: clear },
          ]),
    ],
    [view.closed, counts, everything, total, count, clear, setView],
  )
  useCommands(commands)
  // x chooses the row that has the focus
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "x" || event.metaKey || event.ctrlKey || event.altKey) return
    const at = (event.target as HTMLElement).dataset.row
    const row = at === undefined ? undefined : rows[Number(at)]
    if (row?.kind === "asset") pick(row.asset.key)
  }
  const failure = query.error ?? facets.error
  const refused = failure && asProblem(failure).code === "selection" ? failure : null
  const none = facets.data !== undefined && !refused && total === 0
  return (
    <Page title="Assets" sub={facets.data && summary(total, facets.data.status)}>
      <div className={classes.bar}>
        <SelectionField
          value={view.select}
          onChange={(select) => change({ select })}
          error={refused}
          inputRef={writing}
        />
        <span className={classes.grow} />
        <Select
          aria-label="Order"
          w={172}
          allowDeselect={false}
          data={[
            { value: "group", label: "By group" },
            { value: "key", label: "By key" },
            { value: "status", label: "Trouble first" },
            { value: "made", label: "Last made first" },
          ]}
          value={view.order}
          onChange={(value) => setView({ order: (value ?? "group") as typeof view.order })}
        />
      </div>
      {none && !isFiltered(filters) ? (
        <Panel>
          <Empty title="There are no assets yet" command="weft init prices && cd prices && weft dev">
            A project is a Python file: each function with @asset is an asset, and its parameters are what it
            is made from.
          </Empty>
        </Panel>
      ) : (
        <div className={classes.body}>
          {facets.data ? (
            <Facets
              facets={facets.data}
              filters={filters}
              onChange={(facet, values) => change({ [facet]: values })}
            />
          ) : (
            <span />
          )}
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the rows within have the focus */}
          <div onKeyDown={onKeyDown}>
            <Panel>
              {query.data === undefined && query.error && !refused ? (
                <Refusal problem={asProblem(query.error)} retry={() => void query.refetch()} />
              ) : query.data === undefined && refused ? (
                <Empty title="The selection can't be read.">
                  What is wrong with it stands under its field.
                </Empty>
              ) : query.data === undefined ? (
                <Skeleton rows={14} />
              ) : (
                <Table
                  label="Assets"
                  columns={columns}
                  rows={rows}
                  rowKey={(row) => (row.kind === "asset" ? row.asset.key : `group ${row.name}`)}
                  href={(row) => (row.kind === "asset" ? assetPath(row.asset.key) : "")}
                  whole={(row) =>
                    row.kind === "group" ? (
                      <Head row={row} onToggle={() => setView({ closed: toggled(view.closed, row.name) })} />
                    ) : undefined
                  }
                  more={more}
                  empty={
                    <Empty title="No asset matches">
                      Take out a filter, or clear the selection to see all assets.
                    </Empty>
                  }
                />
              )}
            </Panel>
            <Bulk
              count={count}
              total={total}
              select={chosen}
              all={all}
              notAll={
                everything === null
                  ? "A selection cannot say where assets are: take the filter Location out"
                  : null
              }
              act={act}
              setAct={setAct}
              onAll={() => setAll(true)}
              onClear={clear}
            />
          </div>
        </div>
      )}
    </Page>
  )
}

function summary(total: number, statuses: ReadonlyArray<{ value: string; count: number }>): string {
  const said = statuses.filter(
    (each) => ["failed", "blocked", "overdue", "stale"].includes(each.value) && each.count > 0,
  )
  const parts = said.map((each) => `${each.count.toLocaleString("en-GB")} with ${each.value} partitions`)
  return [`${total.toLocaleString("en-GB")} ${total === 1 ? "asset" : "assets"}`, ...parts].join(" · ")
}

function Head({ row, onToggle }: { row: Extract<Row, { kind: "group" }>; onToggle: () => void }) {
  const Icon = row.closed ? ChevronRight : ChevronDown
  return (
    <button type="button" className={classes.head} aria-expanded={!row.closed} onClick={onToggle}>
      <Icon size={14} aria-hidden="true" />
      {row.name}
      {row.count !== null && <span>{row.count.toLocaleString("en-GB")}</span>}
    </button>
  )
}

function columnsOf(picked: ReadonlySet<string>, all: boolean, pick: (key: string) => void): Column<Row>[] {
  const column = (
    id: string,
    title: React.ReactNode,
    width: string,
    cell: (asset: Extract<Row, { kind: "asset" }>["asset"]) => React.ReactNode,
    align?: "right",
  ): Column<Row> => ({
    id,
    title,
    width,
    cell: (row) => (row.kind === "asset" ? cell(row.asset) : null),
    ...(align ? { align } : {}),
  })
  return [
    column("pick", <VisuallyHidden>Chosen</VisuallyHidden>, "18px", (asset) => (
      <Checkbox
        aria-label={`Choose ${asset.key}`}
        checked={all || picked.has(asset.key)}
        onChange={() => pick(asset.key)}
      />
    )),
    column("key", "Asset", "minmax(170px, 2fr)", (asset) => (
      <span
        className={classes.key}
        title={asset.description ? `${asset.key}\n${asset.description}` : asset.key}
      >
        {asset.key}
      </span>
    )),
    column("state", "State", "132px", (asset) => (
      <StateWord state={standingOf(asset)}>{standingWords(asset)}</StateWord>
    )),
    column("strip", "Partitions", "minmax(90px, 1.3fr)", (asset) =>
      asset.strip.length > 0 ? (
        <StripBar strip={asset.strip as Array<[string, number]>} counts={asset.counts} />
      ) : (
        <span className={classes.dim}>–</span>
      ),
    ),
    column("owners", "Owners", "minmax(90px, 1fr)", (asset) => (
      <span className={classes.dim} title={asset.owners.join("\n")}>
        {asset.owners.join(", ") || "–"}
      </span>
    )),
    column("kinds", "Kinds", "minmax(70px, 0.6fr)", (asset) => (
      <span className={classes.dim}>
        {asset.kinds.join(", ") || (asset.kind === "asset" ? "–" : asset.kind)}
      </span>
    )),
    column("made", "Last made", "104px", (asset) => <Time at={asset.last_success} none="never" />, "right"),
  ]
}
