import { Button, MultiSelect, TextInput } from "@mantine/core"
import { Pause, Play } from "lucide-react"
import { useCallback, useMemo } from "react"
import { api } from "@/api/client"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Filters, Find } from "@/parts/filters"
import { Panel } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { SubjectLink } from "@/parts/subject-link"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { type Command, useCommands } from "@/shell/commands"
import { Page } from "@/shell/page"
import { flag, list, number, text, useUrlState } from "@/shell/url-state"
import { EventDrawer } from "./detail"
import classes from "./events.module.css"
import type { Event } from "./feed"
import { useFeed } from "./use-feed"
import { markOf, sayingOf, typeWords } from "./words"

const fields = { types: list(), run: text(), q: text(), at: number(0, 0), paused: flag() }

const columns: ReadonlyArray<Column<Event>> = [
  { id: "at", title: "When", width: "96px", cell: (row) => <Time at={row.at} /> },
  {
    id: "type",
    title: "What",
    width: "minmax(150px, 1.3fr)",
    cell: (row) => (
      <span className={classes.type} title={row.type}>
        <StateMark state={markOf(row)} size={11} label={row.outcome ?? ""} />
        {typeWords(row.type)}
      </span>
    ),
  },
  {
    id: "subject",
    title: "About",
    width: "minmax(130px, 1.4fr)",
    cell: (row) => row.subject && <SubjectLink subject={row.subject} kind />,
  },
  {
    id: "says",
    title: "Says",
    width: "minmax(200px, 4fr)",
    cell: (row) => {
      const saying = sayingOf(row)
      return (
        <span className={classes.dim} title={saying}>
          {saying}
        </span>
      )
    },
  },
  {
    id: "position",
    title: "#",
    width: "84px",
    align: "right",
    cell: (row) => <span className={classes.dim}>{row.position.toLocaleString("en-GB")}</span>,
  },
]

/** Rows below the top from which on what comes in is held back: nothing moves under the reader's eyes. */
const READING = 120

/** Everything that happens, as it happens. */
export default function EventsPage() {
  const [view, setView] = useUrlState(fields)
  const types = api.useQuery("get", "/api/v1/ledger/event-types", {}, { staleTime: Number.POSITIVE_INFINITY })
  const hold = useCallback(
    () => view.paused || (document.getElementById("main")?.scrollTop ?? 0) > READING,
    [view.paused],
  )
  const { feed, problem, more, show, retry } = useFeed({ types: view.types, run: view.run, q: view.q }, hold)
  const resume = useCallback(() => {
    show()
    setView({ paused: false })
    document.getElementById("main")?.scrollTo({ top: 0 })
  }, [setView, show])
  const toggle = useCallback(
    () => (view.paused ? resume() : setView({ paused: true })),
    [resume, setView, view.paused],
  )
  const commands = useMemo<Command[]>(
    () => [
      {
        id: "events-follow",
        title: view.paused ? "Follow what comes in" : "Stop following",
        group: "Events",
        keys: "f",
        run: toggle,
      },
      {
        id: "events-failures",
        title: "Show only failures",
        group: "Events",
        run: () => setView({ types: ["AttemptFailed", "AttemptsLost", "LocationFailed", "IncidentOpened"] }),
      },
      {
        id: "events-all",
        title: "Show all events",
        group: "Events",
        run: () => setView({ types: [], run: "", q: "" }),
      },
    ],
    [setView, toggle, view.paused],
  )
  useCommands(commands)
  const says = useMemo(
    () => new Map(types.data?.items.map((each) => [each.type, each.says] as const)),
    [types.data],
  )
  const held = feed?.held.length ?? 0
  return (
    <Page title="Events" sub={view.paused ? "what comes in is held back" : "as they happen"}>
      <Filters
        end={
          <>
            {held > 0 && (
              <Button variant="light" onClick={resume}>
                Show {held === 1 ? "a new event" : `${held.toLocaleString("en-GB")} new events`}
              </Button>
            )}
            <Button
              variant="default"
              leftSection={view.paused ? <Play size={13} /> : <Pause size={13} />}
              onClick={toggle}
            >
              {view.paused ? "Follow" : "Pause"}
            </Button>
          </>
        }
      >
        <Find
          label="Find text in events"
          placeholder="Text in the event"
          value={view.q}
          onChange={(q) => setView({ q })}
        />
        <MultiSelect
          aria-label="Types"
          placeholder={view.types.length === 0 ? "All types" : undefined}
          className={classes.types}
          data={types.data?.items.map((each) => each.type) ?? [...view.types]}
          value={[...view.types]}
          onChange={(chosen) => setView({ types: chosen })}
          renderOption={({ option }) => (
            <span className={classes.option}>
              {typeWords(option.value)}
              <small>{says.get(option.value)}</small>
            </span>
          )}
          searchable
          clearable
          maxDropdownHeight={420}
          comboboxProps={{ width: 460, position: "bottom-start" }}
        />
        <TextInput
          aria-label="Run"
          placeholder="Run"
          className={classes.run}
          value={view.run}
          onChange={(event) => setView({ run: event.currentTarget.value.trim() })}
          spellCheck={false}
        />
      </Filters>
      <Panel>
        {feed ? (
          <Table
            label="Events"
            columns={columns}
            rows={feed.rows}
            rowKey={(row) => String(row.position)}
            selected={String(view.at)}
            onOpen={(row) => setView({ at: row.position }, { push: view.at === 0 })}
            more={more}
            empty={
              more ? (
                <LookFurther more={more} />
              ) : (
                <Empty title="No event is like that.">Take a filter away; the log keeps everything.</Empty>
              )
            }
          />
        ) : problem ? (
          <Refusal problem={problem} retry={retry} />
        ) : (
          <Skeleton rows={14} />
        )}
      </Panel>
      {view.at > 0 && (
        <EventDrawer
          position={view.at}
          known={feed?.rows.find((each) => each.position === view.at)}
          says={says}
          onMove={(at) => setView({ at })}
          onFilter={(change) => setView({ ...change, at: 0 })}
          onClose={() => setView({ at: 0 })}
        />
      )}
    </Page>
  )
}

/** A look reads a bounded piece of the log: where nothing in it fits, one says whether to go on. */
function LookFurther({ more }: { more: () => void }) {
  return (
    <Empty
      title="Nothing like that in the newest part of the log."
      action={
        <Button variant="default" onClick={more}>
          Look further back
        </Button>
      }
    >
      Each look goes through some thousand events.
    </Empty>
  )
}
