import { Button } from "@mantine/core"
import { Link, useParams } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { PlanDrawer } from "@/parts/plan-drawer"
import { StateWord } from "@/parts/state-mark"
import { SubjectLink, subjectParts } from "@/parts/subject-link"
import { Time } from "@/parts/time"
import { type Command, useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { incidentPath, runPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { SayDialog, type Saying } from "../incidents/say-dialog"
import { SilenceDialog } from "../incidents/silence-dialog"
import { deliveries, markOf, phaseWords } from "../incidents/words"
import classes from "./incident.module.css"
import { Problems } from "./problems"
import { Timeline } from "./timeline"

type Incident = Schema["IncidentDetail"]
type Asked = Saying | "silence" | "repair" | null

/** One incident: what is wrong still, what happened and was said, who was told, and what mends it. */
export default function IncidentPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const query = api.useQuery("get", "/api/v1/incidents/{id}", { params: { path: { id } } })
  const [asked, setAsked] = useState<Asked>(null)
  const incident = query.data
  useIncidentCommands(incident, setAsked)
  const trail = [["Alerts", "/incidents"]] as const
  if (incident === undefined)
    return (
      <Page title={`Incident ${id.slice(0, 8)}`} trail={trail}>
        <Panel>
          <Loaded query={query}>{() => null}</Loaded>
        </Panel>
      </Page>
    )
  return (
    <Page
      title={incident.title}
      trail={trail}
      sub={
        <StateWord state={markOf(incident)}>
          {incident.severity}, {phaseWords(incident)}
        </StateWord>
      }
      actions={<Actions incident={incident} onAsk={setAsked} />}
    >
      <div className={classes.columns}>
        <div>
          <Section
            title="Wrong still"
            note={incident.problems.length > 0 ? "each leads to what failed, and to its log" : undefined}
          >
            <Panel>
              <Problems incident={incident} />
            </Panel>
          </Section>
          <Section title="What happened">
            <Panel padded>
              <Timeline entries={incident.timeline} />
            </Panel>
          </Section>
        </div>
        <aside>
          <Section title="About it">
            <Panel padded>
              <About incident={incident} />
            </Panel>
          </Section>
          <Section title="Told">
            <Panel padded>
              <Told incident={incident} />
            </Panel>
          </Section>
        </aside>
      </div>
      {asked && asked !== "silence" && asked !== "repair" && (
        <SayDialog id={incident.id} title={incident.title} what={asked} onClose={() => setAsked(null)} />
      )}
      {asked === "silence" && (
        <SilenceDialog matches={{ root: incident.root }} onClose={() => setAsked(null)} />
      )}
      <PlanDrawer
        opened={asked === "repair"}
        onClose={() => setAsked(null)}
        select={repairOf(incident)}
        title={`Mend ${subjectParts(incident.root)[1]}`}
      />
    </Page>
  )
}

/** The selection whose plan mends it: what it began with, and all that is hit below. */
function repairOf(incident: Incident): string {
  const named = new Set(
    [incident.root, ...incident.problems.map((each) => each.subject)]
      .map(subjectParts)
      .filter(([kind]) => kind === "asset" || kind === "pipeline")
      .map(([, name]) => name),
  )
  return [...named].map((name) => `key:"${name}"`).join(" or ")
}

function Actions({ incident, onAsk }: { incident: Incident; onAsk: (asked: Asked) => void }) {
  const operator = useMay("operator")
  const editor = useMay("editor")
  const over = incident.phase === "resolved"
  const why = operator ? undefined : "Asks for the role operator."
  return (
    <>
      <Button variant="default" disabled={!operator} title={why} onClick={() => onAsk("note")}>
        Note…
      </Button>
      <Button
        variant="default"
        disabled={!editor}
        title={editor ? undefined : "Asks for the role editor."}
        onClick={() => onAsk("silence")}
      >
        Silence…
      </Button>
      {!over && (
        <Button variant="default" disabled={!operator} title={why} onClick={() => onAsk("resolve")}>
          Resolve…
        </Button>
      )}
      {!over && repairOf(incident) && (
        <Button
          variant={incident.phase === "open" ? "default" : "filled"}
          disabled={!operator}
          title={why}
          onClick={() => onAsk("repair")}
        >
          Plan the repair
        </Button>
      )}
      {incident.phase === "open" && (
        <Button disabled={!operator} title={why} onClick={() => onAsk("acknowledge")}>
          Acknowledge
        </Button>
      )}
    </>
  )
}

function useIncidentCommands(incident: Incident | undefined, ask: (asked: Asked) => void) {
  const operator = useMay("operator")
  const editor = useMay("editor")
  const phase = incident?.phase
  const repairs = incident !== undefined && repairOf(incident) !== ""
  const commands = useMemo<Command[]>(() => {
    if (phase === undefined) return []
    const group = "This incident"
    const run = (asked: Asked) => () => ask(asked)
    return [
      ...(operator && phase === "open"
        ? [{ id: "incident-ack", title: "Acknowledge", group, keys: "a", run: run("acknowledge") }]
        : []),
      ...(operator && phase !== "resolved"
        ? [{ id: "incident-resolve", title: "Resolve…", group, keys: "shift+r", run: run("resolve") }]
        : []),
      ...(operator && phase !== "resolved" && repairs
        ? [{ id: "incident-repair", title: "Plan the repair", group, keys: "p", run: run("repair") }]
        : []),
      ...(operator
        ? [{ id: "incident-note", title: "Write a note…", group, keys: "n", run: run("note") }]
        : []),
      ...(editor
        ? [{ id: "incident-silence", title: "Silence…", group, keys: "m", run: run("silence") }]
        : []),
    ]
  }, [ask, editor, operator, phase, repairs])
  useCommands(commands)
}

function About({ incident }: { incident: Incident }) {
  return (
    <dl className={classes.about}>
      <dt>Began at</dt>
      <dd>
        <SubjectLink subject={incident.root} kind />
        {incident.partition && ` ${incident.partition}`}
      </dd>
      {incident.subject !== incident.root && (
        <>
          <dt>Seen at</dt>
          <dd>
            <SubjectLink subject={incident.subject} kind />
          </dd>
        </>
      )}
      <dt>Why</dt>
      <dd>{incident.detail}</dd>
      {incident.run && (
        <>
          <dt>Run</dt>
          <dd>
            <Link to={runPath(incident.run)} className="mono">
              {incident.run.slice(0, 8)}
            </Link>
          </dd>
        </>
      )}
      <dt>Open since</dt>
      <dd>
        <Time at={incident.opened} />
      </dd>
      <dt>Last</dt>
      <dd>
        <Time at={incident.last} />, {incident.occurrences === 1 ? "once" : `${incident.occurrences} times`}
      </dd>
      {incident.acknowledged && (
        <>
          <dt>Taken care of</dt>
          <dd>
            {incident.acknowledged_by}, <Time at={incident.acknowledged} />
          </dd>
        </>
      )}
      {incident.resolved && (
        <>
          <dt>Over</dt>
          <dd>
            <Time at={incident.resolved} />
            {incident.resolved_by ? `, by ${incident.resolved_by}` : ", by itself"}
          </dd>
        </>
      )}
      <dt>Owners</dt>
      <dd>{incident.owners.join(", ") || "none"}</dd>
      <dt>Rule</dt>
      <dd>
        <Link to="/incidents?tab=rules">{incident.rule}</Link>
      </dd>
      {incident.earlier.length > 0 && (
        <>
          <dt>The same before</dt>
          <dd>
            {incident.earlier.map((each, at) => (
              <span key={each}>
                {at > 0 && ", "}
                <Link to={incidentPath(each)} className="mono">
                  {each.slice(0, 8)}
                </Link>
              </span>
            ))}
          </dd>
        </>
      )}
    </dl>
  )
}

function Told({ incident }: { incident: Incident }) {
  const told = deliveries(incident.timeline)
  if (told.length === 0)
    return (
      <p className={classes.dim}>
        Nobody yet: no channel is for it, or it is silenced.{" "}
        <Link to="/incidents?tab=rules">Rules and channels</Link>
      </p>
    )
  return (
    <ul className={classes.told}>
      {told.map((each) => (
        <li key={each.channel}>
          <StateWord state={each.problem ? "warned" : "passed"}>
            {each.channel}
            {each.sent > 1 && `, ${each.sent} messages`}
          </StateWord>{" "}
          <span className={classes.dim}>
            <Time at={each.at} />
          </span>
          {each.problem && <p className={classes.dim}>{each.problem}</p>}
        </li>
      ))}
    </ul>
  )
}
