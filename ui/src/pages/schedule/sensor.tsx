import { Button, TextInput, Tooltip } from "@mantine/core"
import { type FormEvent, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { Panel, Section } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { useMay } from "@/shell/door"
import type { Automation } from "../schedules/words"
import { answerOf, type SensorAnswer } from "./answer"
import classes from "./schedule.module.css"

/** Seconds for which one answer waits for a worker to run the function. */
const WAIT = 20

/** The cursor of a sensor, and a try of its function that starts nothing. */
export function Sensor({ automation }: { automation: Automation }) {
  const operator = useMay("operator")
  const editor = useMay("editor")
  const [typed, setTyped] = useState<string | null>(null)
  const cursor = typed ?? automation.cursor ?? ""
  const changed = typed !== null && typed !== (automation.cursor ?? "")
  const test = api.useMutation("post", "/api/v1/automations/{id}/test", { meta: { quiet: true } })
  const set = api.useMutation("put", "/api/v1/automations/{id}/cursor", {
    meta: { quiet: true },
    onSuccess: () => setTyped(null),
  })
  const path = { id: automation.id }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    test.mutate({ params: { path }, body: { cursor: changed ? cursor : null, wait: WAIT } })
  }
  const refused = test.error ?? set.error
  return (
    <Section
      title="Sensor"
      note="trying it runs its function on a worker; nothing is started, and its cursor stays"
    >
      <Panel>
        <form className={classes.form} onSubmit={submit}>
          <TextInput
            label="Cursor"
            description="From where it looks; empty for from the start"
            value={cursor}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Tooltip label={operator ? "What would it start from here?" : "Only operators may try a sensor."}>
            <Button type="submit" variant="default" disabled={!operator} loading={test.isPending}>
              Try it
            </Button>
          </Tooltip>
          <Tooltip label={editor ? "The next look goes on from here" : "Only editors may set a cursor."}>
            <Button
              variant="default"
              disabled={!editor || !changed}
              loading={set.isPending}
              onClick={() => set.mutate({ params: { path }, body: { cursor } })}
            >
              Set the cursor
            </Button>
          </Tooltip>
        </form>
        {refused && <Refusal problem={asProblem(refused)} />}
        {test.data && <Answer operation={test.data} />}
      </Panel>
    </Section>
  )
}

/** What a try came to; while a worker is still at it, it is asked for again. */
function Answer({ operation: first }: { operation: Schema["OperationView"] }) {
  const query = api.useQuery(
    "get",
    "/api/v1/operations/{id}",
    { params: { path: { id: first.id }, query: { wait: 0 } } },
    { initialData: first, enabled: first.state !== "finished" },
  )
  const operation = query.data ?? first
  if (operation.state !== "finished")
    return (
      <p className={classes.answer} role="status">
        <StateMark state="running" label="" /> {operation.waits_for || "A worker runs its function."}
      </p>
    )
  if (operation.problem)
    return (
      <p className={classes.answer} role="alert">
        <StateMark state="failed" label="" /> {operation.problem.message} {operation.problem.remedy}
      </p>
    )
  const answer = answerOf(operation.answer)
  return answer ? <Said answer={answer} /> : null
}

function Said({ answer }: { answer: SensorAnswer }) {
  if (answer.error)
    return (
      <div className={classes.answer} role="alert">
        <StateMark state="failed" label="" /> Its function failed.
        <pre>{answer.error}</pre>
      </div>
    )
  if (answer.requests.length === 0)
    return (
      <p className={classes.answer} role="status">
        <StateMark state="skipped" label="" /> It asks for nothing{answer.skip && `: ${answer.skip}`}.
      </p>
    )
  const fresh = answer.requests.filter((each) => !each.decided).length
  return (
    <div className={classes.answer} role="status">
      <p>
        <StateMark state="ok" label="" /> It would start {fresh} of the {answer.requests.length} runs that it
        asks for{fresh < answer.requests.length && "; the others were started before"}. Then its cursor is{" "}
        <code>{answer.cursor || "empty"}</code>.
      </p>
      <pre>{answer.requests.slice(0, 20).map(written).join("\n")}</pre>
    </div>
  )
}

function written(request: SensorAnswer["requests"][number]): string {
  const what = [request.partition, Object.keys(request.params).length ? JSON.stringify(request.params) : null]
  return [request.key, ...what, request.decided ? "(started before)" : null].filter(Boolean).join("  ")
}
