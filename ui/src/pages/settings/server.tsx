import { Button } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { api, apiUrl, http, type Schema } from "@/api/client"
import { asProblem, type Problem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateMark, StateWord } from "@/parts/state-mark"
import { Lasted } from "@/parts/time"
import { type Operation, useOperations } from "@/parts/use-operations"
import { useMay } from "@/shell/door"
import { answerOf } from "./answers"
import { Facts } from "./facts"
import classes from "./settings.module.css"

/** How the server stands, and what looks after it. */
export function Server() {
  const health = api.useQuery("get", "/api/v1/health")
  return (
    <>
      <Panel>
        <Loaded query={health}>
          {(found) => (
            <Facts
              facts={[
                ["Version", found.version],
                ["Ledger", `${found.position.toLocaleString("en-US")} events`],
                [
                  "Schedulers",
                  found.schedulers,
                  found.schedulers === 0 ? "nothing starts by itself: weft scheduler" : undefined,
                ],
                ["Workers", found.workers, found.workers === 0 ? "runs wait: weft worker start" : undefined],
                [
                  "API",
                  <a key="docs" href={apiUrl("").replace(/v1$/, "docs")}>
                    Documentation
                  </a>,
                ],
                [
                  "Processes",
                  <Link key="workers" to="/workers">
                    Workers and locations
                  </Link>,
                ],
              ]}
            />
          )}
        </Loaded>
      </Panel>
      <Section title="Look after it">
        <Panel>
          <Care
            title="Doctor"
            text="Looks for what is wrong or will be: settings, storage, connections, definitions."
            asks="admin"
            start={async () =>
              one((await http.POST("/api/v1/doctor", { body: { wait: 0 } as Schema["Ask"] })).data)
            }
          />
          <Care
            title="Verify the ledger"
            text="Reads every event again and holds what is known of runs and assets against it."
            asks="admin"
            start={async () =>
              one((await http.POST("/api/v1/ledger/verify", { body: { wait: 0 } as Schema["Ask"] })).data)
            }
          />
          <Care
            title="What gc would remove"
            text="Counts the data, logs and values that are older than what is kept. Removes nothing."
            asks="admin"
            start={() => gc(true)}
            then={{ verb: "Remove them", start: () => gc(false) }}
          />
        </Panel>
      </Section>
    </>
  )
}

async function gc(dry: boolean): Promise<readonly Operation[] | undefined> {
  return (await http.POST("/api/v1/gc", { body: { dry_run: dry, wait: 0 } as Schema["Gc"] })).data?.items
}

function one(operation: Operation | undefined): readonly Operation[] {
  return operation ? [operation] : []
}

interface CareProps {
  readonly title: string
  readonly text: string
  readonly asks: "operator" | "editor" | "admin"
  readonly start: Start
  /** What can be done with what it found. */
  readonly then?: { readonly verb: string; readonly start: Start }
}

type Start = () => Promise<readonly Operation[] | undefined>

/** An operation that a host carries out: begun by a button, followed until it has ended. */
function Care({ title, text, asks, start, then }: CareProps) {
  const may = useMay(asks)
  const [begun, setBegun] = useState<readonly string[]>([])
  const [starting, setStarting] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const operations = useOperations(begun)
  const begin = async (how: Start) => {
    setProblem(null)
    setStarting(true)
    try {
      setBegun(((await how()) ?? []).map((each) => each.id))
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setStarting(false)
    }
  }
  const ended = operations.filter((each) => each.state === "finished")
  const waits = operations.find((each) => each.state === "waiting")?.waits_for
  return (
    <div className={classes.operation}>
      <div>
        <b>{title}</b>
        <p>{text}</p>
      </div>
      <Button
        variant="default"
        disabled={!may}
        loading={starting || ended.length < begun.length}
        onClick={() => void begin(start)}
        title={may ? undefined : `Asks for the role ${asks}.`}
      >
        Start
      </Button>
      {problem && <Refusal problem={problem} />}
      {waits && <p className={classes.found}>It waits for {waits}.</p>}
      {ended.map((each) => (
        <Found key={each.id} operation={each} />
      ))}
      {then && ended.length > 0 && ended.length === begun.length && ended.some(hasFound) && (
        <p className={classes.then}>
          <Button variant="default" color="red" disabled={!may} onClick={() => void begin(then.start)}>
            {then.verb}
          </Button>
        </p>
      )}
    </div>
  )
}

/** Whether there is something to remove, and it was only counted. */
function hasFound({ answer }: Operation): boolean {
  const found = answer as {
    dry_run?: boolean
    removed?: unknown[]
    runs?: unknown[]
    leftovers?: unknown[]
  } | null
  return (
    found?.dry_run === true &&
    [found.removed, found.runs, found.leftovers].some((each) => (each?.length ?? 0) > 0)
  )
}

/** What an operation found: a sentence, and its lines where there are some. */
function Found({ operation }: { operation: Operation }) {
  const { state, title, lines } = answerOf(operation)
  return (
    <div className={classes.found} role="status">
      <p>
        <StateWord state={state}>{title}</StateWord>
        {operation.location && <span className={classes.note}>{operation.location}</span>}
        <span className={classes.note}>
          took <Lasted from={operation.begun_at} to={operation.finished_at} />
        </span>
      </p>
      {lines.length > 0 && (
        <ul className={classes.lines}>
          {lines.map((each) => (
            <li key={`${each.subject} ${each.text}`}>
              <StateMark state={each.state} size={10} />
              <span>{each.subject}</span>
              <span>{each.text}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
