import { Button } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { api, apiUrl, http, type Schema } from "@/api/client"
import { asProblem, type Problem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { useMay } from "@/shell/door"
import { Facts } from "./facts"
import classes from "./settings.module.css"

type Operation = Schema["OperationView"]

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
            asks="operator"
            start={async () =>
              (await http.POST("/api/v1/doctor", { body: { wait: 0 } as Schema["Ask"] })).data
            }
          />
          <Care
            title="Verify the ledger"
            text="Reads every event again and holds what is known of runs and assets against it."
            asks="operator"
            start={async () =>
              (await http.POST("/api/v1/ledger/verify", { body: { wait: 0 } as Schema["Ask"] })).data
            }
          />
          <Care
            title="What gc would remove"
            text="Counts the data, logs and values that are older than what is kept. Removes nothing."
            asks="operator"
            start={async () =>
              (await http.POST("/api/v1/gc", { body: { dry_run: true, wait: 0 } as Schema["Gc"] })).data
                ?.items[0]
            }
          />
        </Panel>
      </Section>
    </>
  )
}

interface CareProps {
  readonly title: string
  readonly text: string
  readonly asks: "operator" | "editor" | "admin"
  readonly start: () => Promise<Operation | undefined>
}

/** An operation that a host carries out: begun by a button, followed until it has ended. */
function Care({ title, text, asks, start }: CareProps) {
  const may = useMay(asks)
  const [begun, setBegun] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const operation = api.useQuery(
    "get",
    "/api/v1/operations/{id}",
    { params: { path: { id: begun ?? "" } } },
    {
      enabled: begun !== null,
      placeholderData: undefined,
      refetchInterval: ({ state }) =>
        (state.data as Operation | undefined)?.state === "finished" ? false : 700,
    },
  ).data
  const begin = async () => {
    setProblem(null)
    try {
      setBegun((await start())?.id ?? null)
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  const under = begun !== null && operation?.state !== "finished"
  return (
    <div className={classes.operation}>
      <div>
        <b>{title}</b>
        <p>{text}</p>
      </div>
      <Button
        variant="default"
        disabled={!may}
        loading={under}
        onClick={() => void begin()}
        title={may ? undefined : `Asks for the role ${asks}.`}
      >
        Start
      </Button>
      {problem && <Refusal problem={problem} />}
      {operation?.state === "finished" && (
        <pre className={classes.answer}>
          <StateWord state={operation.outcome ?? "unknown"} />
          {"\n"}
          {operation.problem
            ? `${operation.problem.message}\n${operation.problem.remedy}`
            : JSON.stringify(operation.answer, null, 2)}
        </pre>
      )}
    </div>
  )
}
