import { NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core"
import { useNavigate } from "@tanstack/react-router"
import { List, Network, Search, X } from "lucide-react"
import { useCallback, useMemo, useRef } from "react"
import { askAhead } from "@/api/ahead"
import { basePath } from "@/api/base"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { FlowGraph, prepare } from "@/graph/flow-graph"
import { groupsOf } from "@/graph/fold"
import { useCamera } from "@/graph/use-camera"
import { Empty, Refusal } from "@/parts/empty"
import { SelectionField } from "@/parts/selection-field"
import { keysOf } from "@/parts/selection-terms"
import { useCommands } from "@/shell/commands"
import { assetPath, pipelinePath, planPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { readUrl, useUrlState } from "@/shell/url-state"
import { AsList } from "./as-list"
import { Legend } from "./legend"
import classes from "./lineage.module.css"
import { Side } from "./side"
import { askOf, fields, foldedOf, foldsAll, graphOf, huesOf } from "./view"

// most of the time until a large graph stands goes by in waiting: for the answer, for code, for the worker to begin
prepare()
if (location.pathname === `${basePath()}/lineage`) void askAhead("/api/v1/lineage", askOf(readUrl(fields)))

/** The name of a node by its id: `asset:raw` is `raw`. */
function nameOf(id: string): string {
  return id.slice(id.indexOf(":") + 1)
}

/** Said to the browser's timeline, for whoever measures. */
function drawn(took: { layout: number; draw: number }): void {
  performance.mark("weft:lineage-drawn", { detail: took })
}

export default function LineagePage() {
  const [view, setView] = useUrlState(fields)
  const [camera, keepCamera] = useCamera()
  const navigate = useNavigate()
  const writing = useRef<HTMLInputElement>(null)
  const finding = useRef<HTMLInputElement>(null)
  const query = api.useQuery("get", "/api/v1/lineage", {
    params: { query: askOf(view) },
  })
  const data = query.data
  const graph = useMemo(() => (data ? graphOf(data, view.colour) : null), [data, view.colour])
  const hues = useMemo(() => huesOf(data?.nodes ?? [], view.colour), [data, view.colour])
  const groups = useMemo(() => groupsOf(graph?.nodes ?? []), [graph])
  const count = graph?.nodes.length ?? 0
  const folded = useMemo(
    () => foldedOf(groups, count, view.groups, view.flip),
    [groups, count, view.groups, view.flip],
  )
  const selected = useMemo(() => new Set(view.on), [view.on])
  const last = view.on.at(-1)
  const refused = query.error && asProblem(query.error).code === "selection" ? query.error : null

  const fold = useCallback(
    (group: string, closed: boolean) => {
      const normal = foldsAll(groups, count, view.groups) === closed
      const others = view.flip.filter((each) => each !== group)
      setView({ flip: normal ? others : [...others, group] })
    },
    [groups, count, view.groups, view.flip, setView],
  )
  const select = useCallback(
    (id: string | null, add: boolean) => {
      if (id?.startsWith("group:")) return fold(id.slice(6), false)
      if (id === null) return setView({ on: [] })
      if (!add) return setView({ on: [id] })
      setView({ on: view.on.includes(id) ? view.on.filter((each) => each !== id) : [...view.on, id] })
    },
    [fold, setView, view.on],
  )
  const open = useCallback(
    (id: string) =>
      void navigate({ to: id.startsWith("asset:") ? assetPath(nameOf(id)) : pipelinePath(nameOf(id)) }),
    [navigate],
  )
  const focusOn = useCallback(
    (name: string) => setView({ focus: name, select: "", find: "", camera: "" }, { push: true }),
    [setView],
  )
  const planned = useMemo(() => keysOf(view.on.map(nameOf)), [view.on])
  const commands = useMemo(
    () => [
      {
        id: "lineage:select",
        title: "Write a selection",
        group: "Lineage",
        keys: "/",
        run: () => writing.current?.focus(),
      },
      {
        id: "lineage:find",
        title: "Find in the graph",
        group: "Lineage",
        keys: "f",
        run: () => finding.current?.focus(),
      },
      {
        id: "lineage:list",
        title: view.list ? "Show as a graph" : "Show as a list",
        group: "Lineage",
        keys: "v",
        run: () => setView({ list: !view.list }),
      },
      {
        id: "lineage:groups",
        title: "Fold or open all groups",
        group: "Lineage",
        keys: "z",
        run: () => setView({ groups: folded.size > 0 ? "open" : "folded", flip: [] }),
      },
      ...(last === undefined
        ? []
        : [
            {
              id: "lineage:focus",
              title: `Focus on ${nameOf(last)}`,
              group: "Lineage",
              keys: "c",
              run: () => focusOn(nameOf(last)),
            },
            {
              id: "lineage:open",
              title: `Open ${nameOf(last)}`,
              group: "Lineage",
              keys: "o",
              run: () => open(last),
            },
            {
              id: "lineage:plan",
              title: view.on.length === 1 ? `Plan ${nameOf(last)}` : `Plan ${view.on.length} assets`,
              group: "Lineage",
              keys: "p",
              run: () => void navigate({ to: planPath({ select: planned }) }),
            },
          ]),
      ...(view.focus
        ? [
            {
              id: "lineage:all",
              title: "Show the whole graph",
              group: "Lineage",
              keys: "a",
              run: () => setView({ focus: "", camera: "" }),
            },
          ]
        : []),
    ],
    [view.list, view.on, view.focus, folded, last, planned, setView, focusOn, open, navigate],
  )
  useCommands(commands)

  const sub = data && (
    <>
      {data.nodes.length.toLocaleString("en-GB")} nodes, {data.edges.length.toLocaleString("en-GB")} edges
      {data.cut > 0 && ` · ${data.cut.toLocaleString("en-GB")} more are not shown: select fewer`}
    </>
  )
  return (
    <Page title="Lineage" sub={sub} full>
      <div className={classes.bar}>
        {view.focus ? (
          <div className={classes.focus}>
            <span>
              Around <strong>{view.focus}</strong>
            </span>
            <Hops label="Above" value={view.up} onChange={(up) => setView({ up })} />
            <Hops label="Below" value={view.down} onChange={(down) => setView({ down })} />
            <button type="button" className={classes.link} onClick={() => setView({ focus: "", camera: "" })}>
              <X size={13} aria-hidden="true" /> whole graph
            </button>
          </div>
        ) : (
          <SelectionField
            value={view.select}
            onChange={(value) => setView({ select: value, on: [], flip: [], camera: "" }, { push: true })}
            error={refused}
            inputRef={writing}
          />
        )}
        <TextInput
          ref={finding}
          className={classes.find}
          aria-label="Find in the graph"
          placeholder="Find"
          leftSection={<Search size={13} aria-hidden="true" />}
          value={view.find}
          onChange={(event) => setView({ find: event.currentTarget.value })}
        />
        <span className={classes.grow} />
        {groups.size > 1 && !view.list && (
          <Select
            aria-label="Groups"
            w={138}
            allowDeselect={false}
            data={[
              { value: "auto", label: "Groups: as fits" },
              { value: "folded", label: "Groups: folded" },
              { value: "open", label: "Groups: open" },
              { value: "none", label: "Groups: none" },
            ]}
            value={view.groups}
            onChange={(value) => setView({ groups: (value ?? "auto") as typeof view.groups, flip: [] })}
          />
        )}
        {!view.list && (
          <Select
            aria-label="Colour"
            w={148}
            allowDeselect={false}
            data={["status", "group", "owner", "location"].map((value) => ({
              value,
              label: `Colour: ${value}`,
            }))}
            value={view.colour}
            onChange={(value) => setView({ colour: (value ?? "status") as typeof view.colour })}
          />
        )}
        <SegmentedControl
          aria-label="How it is shown"
          className={classes.view}
          value={view.list ? "list" : "graph"}
          onChange={(value) => setView({ list: value === "list" })}
          data={[
            { value: "graph", label: <Network size={14} aria-label="As a graph" /> },
            { value: "list", label: <List size={14} aria-label="As a list" /> },
          ]}
        />
      </div>
      <div className={classes.stage}>
        <div className={classes.drawing} data-scrolls={view.list || undefined}>
          {query.error && data === undefined && !refused && (
            <Refusal problem={asProblem(query.error)} retry={() => void query.refetch()} />
          )}
          {data && data.nodes.length === 0 && (
            <Empty
              title={view.select ? "Nothing is selected by that" : "There are no assets yet"}
              {...(view.select ? {} : { command: "weft init prices && cd prices && weft dev" })}
            >
              {view.select
                ? "Take out a part of the selection, or clear it to see everything."
                : "A project is a Python file: each function with @asset is a node here."}
            </Empty>
          )}
          {graph && data && count > 0 && view.list && (
            <AsList data={data} selected={selected} onSelect={select} find={view.find} />
          )}
          {graph && count > 0 && !view.list && (
            <>
              <FlowGraph
                label="Lineage"
                nodes={graph.nodes}
                edges={graph.edges}
                frames={view.groups !== "none" && groups.size > 1}
                folded={folded}
                onFold={groups.size > 1 ? fold : undefined}
                selected={selected}
                onSelect={select}
                onOpen={open}
                focus={view.focus ? (data?.nodes.find((each) => each.name === view.focus)?.id ?? null) : null}
                search={view.find}
                place={camera}
                onPlace={keepCamera}
                onDrawn={drawn}
              />
              <Legend nodes={graph.nodes} hues={hues} />
            </>
          )}
        </div>
        {last !== undefined && (
          <Side
            ids={view.on}
            planned={planned}
            onFocus={focusOn}
            onOpen={open}
            onClose={() => setView({ on: [] })}
          />
        )}
      </div>
    </Page>
  )
}

function Hops({
  label,
  value,
  onChange,
}: {
  label: string
  value: number
  onChange: (value: number) => void
}) {
  return (
    <span className={classes.hops}>
      {label}
      <NumberInput
        aria-label={`Hops ${label.toLowerCase()}`}
        w={58}
        min={0}
        max={50}
        clampBehavior="strict"
        allowDecimal={false}
        value={value}
        onChange={(next) => typeof next === "number" && onChange(next)}
      />
    </span>
  )
}
