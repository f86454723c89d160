import { SegmentedControl } from "@mantine/core"
import { api, type Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { oneOf, useUrlState } from "@/shell/url-state"
import { aboutOf, sourceWords, valueWords } from "./setting-words"
import classes from "./settings.module.css"

type Setting = Schema["SettingView"]

const fields = { shown: oneOf(["all", "given"], "all") }

const columns: ReadonlyArray<Column<Setting>> = [
  {
    id: "name",
    title: "Setting",
    width: "minmax(150px, 1.6fr)",
    cell: (row) => <code title={row.name}>{row.name}</code>,
  },
  {
    id: "value",
    title: "Value",
    width: "minmax(120px, 2fr)",
    cell: (row) => (
      <span
        className={row.source === "default" ? classes.usual : classes.given}
        title={valueWords(row.value)}
      >
        {valueWords(row.value)}
      </span>
    ),
  },
  {
    id: "from",
    title: "Comes from",
    width: "minmax(150px, 1.8fr)",
    cell: (row) =>
      row.pending ? (
        <StateWord state="stale">{`${valueWords(row.next)} after a restart`}</StateWord>
      ) : (
        <span className={row.source === "default" ? classes.usual : undefined}>{sourceWords(row)}</span>
      ),
  },
  {
    id: "default",
    title: "Default",
    width: "minmax(90px, 1fr)",
    wide: true,
    cell: (row) => <span className={classes.usual}>{valueWords(row.default)}</span>,
  },
  {
    id: "about",
    title: "Says",
    width: "minmax(160px, 3fr)",
    wide: true,
    cell: (row) => (
      <span className={classes.usual} title={aboutOf(row.name)}>
        {aboutOf(row.name)}
      </span>
    ),
  },
]

/** All settings of project and server, each with its value and what says so. */
export function Project() {
  const query = api.useQuery("get", "/api/v1/settings")
  const [{ shown }, setView] = useUrlState(fields)
  return (
    <Section
      title="Settings"
      note="the command line goes before the environment, that before the file"
      actions={
        <SegmentedControl
          aria-label="Which settings"
          value={shown}
          onChange={(value) => setView({ shown: value as typeof shown })}
          data={[
            { value: "all", label: "All" },
            { value: "given", label: "Given" },
          ]}
        />
      }
    >
      <Panel>
        <Loaded query={query}>
          {({ items }) => (
            <Table
              label="Settings"
              columns={columns}
              rows={
                shown === "all" ? items : items.filter((each) => each.source !== "default" || each.pending)
              }
              rowKey={(row) => row.name}
              empty={<Empty title="Nothing is given: all settings are the defaults." />}
            />
          )}
        </Loaded>
      </Panel>
      <p className={classes.hint}>
        Secrets are not shown. Of server, scheduler and alerts a change of the file counts from the next start
        on; all else at once.
      </p>
    </Section>
  )
}
