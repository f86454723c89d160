import { Button } from "@mantine/core"
import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { useMay } from "@/shell/door"
import classes from "./incidents.module.css"
import { useAnew } from "./use-anew"
import { ruleWords, secondsWords } from "./words"

type Rule = Schema["RuleView"]

const COLUMNS: ReadonlyArray<Column<Rule>> = [
  {
    id: "name",
    title: "Rule",
    width: "minmax(130px, 1.6fr)",
    cell: (row) => <span title={row.name}>{row.name}</span>,
  },
  {
    id: "on",
    title: "Tells of",
    width: "minmax(160px, 2fr)",
    cell: (row) => {
      const words = ruleWords(row)
      return <span title={words}>{words}</span>
    },
  },
  {
    id: "select",
    title: "Of",
    width: "minmax(120px, 1.6fr)",
    cell: (row) => <Of rule={row} />,
  },
  {
    id: "severity",
    title: "Severity",
    width: "104px",
    cell: (row) => row.severity ?? <span className={classes.dim}>as it is</span>,
  },
  {
    id: "channels",
    title: "Over",
    width: "minmax(100px, 1.2fr)",
    cell: (row) => row.channels.join(", ") || <span className={classes.dim}>all channels</span>,
  },
  {
    id: "after",
    title: "After",
    width: "72px",
    align: "right",
    cell: (row) => secondsWords(row.after, "at once"),
  },
  {
    id: "repeat",
    title: "Again every",
    width: "86px",
    align: "right",
    cell: (row) => secondsWords(row.repeat, "never"),
  },
]

/** Rules that somebody made come first, the default ones last. */
function rank(rule: Rule): number {
  return ["made", "configured", "default"].indexOf(rule.source)
}

const SOURCES: Readonly<Record<string, string>> = { configured: "weft.toml", default: "default" }

function Of({ rule }: { rule: Rule }) {
  const pattern = rule.events?.subject
  if (rule.select) return <code>{rule.select}</code>
  return pattern ? <code>{pattern}</code> : <span className={classes.dim}>everything</span>
}

/** The last column: where a rule comes from; one that somebody made can be taken away. */
function sourceColumn(remove: ((name: string) => void) | null): Column<Rule> {
  return {
    id: "source",
    title: "From",
    width: "minmax(90px, 1fr)",
    cell: (row) =>
      row.source === "made" && remove ? (
        <Button
          size="compact-xs"
          variant="default"
          title={`Made by ${row.by}`}
          aria-label={`Take the rule ${row.name} away`}
          onClick={() => remove(row.name)}
        >
          Take away
        </Button>
      ) : (
        <span className={classes.dim}>{SOURCES[row.source] ?? row.by}</span>
      ),
  }
}

/** Which incidents people are told of, and over what. */
export function Rules() {
  const query = api.useQuery("get", "/api/v1/alerts")
  const may = useMay("editor")
  const anew = useAnew()
  const { mutate: remove } = api.useMutation("delete", "/api/v1/alerts/rules/{name}", { onSuccess: anew })
  const columns = useMemo(
    () => [...COLUMNS, sourceColumn(may ? (name) => remove({ params: { path: { name } } }) : null)],
    [may, remove],
  )
  const check = api.useQuery("get", "/api/v1/alerts/check", {}, { enabled: false })
  return (
    <>
      <Section
        title="Rules"
        note="those of weft.toml, and those made of an event (Events, Alert on this); the default ones are for what none of them is on"
        actions={
          may && (
            <Button
              variant="default"
              size="compact-xs"
              loading={check.isFetching}
              onClick={() => void check.refetch()}
            >
              Look them over
            </Button>
          )
        }
      >
        {check.data && (
          <p className={classes.checked} role="status">
            <StateWord state={check.data.passed ? "passed" : "failed"}>
              {check.data.passed ? "Rules, routes and channels fit the definitions." : check.data.problem}
            </StateWord>{" "}
            {check.data.remedy}
          </p>
        )}
        {check.error && <Refusal problem={asProblem(check.error)} />}
        <Panel>
          <Loaded query={query}>
            {({ rules }) => (
              <Table
                label="Rules"
                columns={columns}
                rows={[...rules].sort((one, other) => rank(one) - rank(other))}
                rowKey={(row) => row.name}
                empty={
                  <Empty title="No rule tells of anything." command="weft alerts check">
                    <code>defaults = true</code> in <code>[alerts]</code> brings the default ones back.
                  </Empty>
                }
              />
            )}
          </Loaded>
        </Panel>
      </Section>
      <Section title="Channels" note="over which people are told; where they lead is secret">
        <Panel>
          <Loaded query={query}>
            {({ channels }) => {
              const names = Object.entries(channels)
              return names.length > 0 ? (
                names.map(([name, kind]) => <Channel key={name} name={name} kind={kind} may={may} />)
              ) : (
                <Empty title="No channel: incidents are kept, but told nobody.">
                  Put one into weft.toml: <code>[alerts.channels.ops]</code> with{" "}
                  <code>url = "${"{OPS_SLACK_URL}"}"</code>, <code>webhook</code> or <code>connection</code>.
                </Empty>
              )
            }}
          </Loaded>
        </Panel>
      </Section>
      {query.data && query.data.routes.length > 0 && (
        <Section title="Routes" note="incidents that match go over these channels, too">
          <Panel>
            <Table
              label="Routes"
              columns={ROUTES}
              rows={query.data.routes.map((route, at) => ({ at, ...route }) as Route)}
              rowKey={(row) => String(row.at)}
            />
          </Panel>
        </Section>
      )}
    </>
  )
}

interface Route {
  readonly at: number
  readonly severity?: string | null
  readonly owner?: string | null
  readonly tag?: string | null
  readonly channels?: readonly string[]
}

const ROUTES: ReadonlyArray<Column<Route>> = [
  { id: "severity", title: "Severity, or worse", width: "1fr", cell: (row) => row.severity || "any" },
  { id: "owner", title: "Owner", width: "1fr", cell: (row) => row.owner || "any" },
  { id: "tag", title: "Tag", width: "1fr", cell: (row) => row.tag || "any" },
  { id: "channels", title: "Over", width: "2fr", cell: (row) => row.channels?.join(", ") },
]

/** A channel, with a button that sends a test message over it. */
function Channel({ name, kind, may }: { name: string; kind: string; may: boolean }) {
  const trial = api.useMutation("post", "/api/v1/alerts/channels/{name}/test")
  return (
    <div className={classes.channel}>
      <b>{name}</b>
      <span className={classes.dim}>{kind}</span>
      <span className={classes.told} role="status">
        {trial.data && (
          <StateWord state={trial.data.sent ? "passed" : "failed"}>
            {trial.data.sent
              ? `A message was taken in ${trial.data.seconds.toFixed(1)} s`
              : trial.data.message}
          </StateWord>
        )}
      </span>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`Send a test message over ${name}`}
        disabled={!may}
        title={may ? undefined : "Asks for the role editor."}
        loading={trial.isPending}
        onClick={() => trial.mutate({ params: { path: { name } } })}
      >
        Send a test
      </Button>
    </div>
  )
}
