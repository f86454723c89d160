import { Select } from "@mantine/core"
import { useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { CodeView } from "@/parts/code-view"
import { Empty, Refusal } from "@/parts/empty"
import { shortName } from "@/parts/gantt/model"
import { Loaded } from "@/parts/loaded"
import { Section } from "@/parts/panel"
import { KeptValue } from "./kept-value"
import { Made } from "./made"
import classes from "./run.module.css"
import type { Run, TabProps } from "./state"

/** What went into the run and what came out of it, step by step. */
export default function ValuesTab({ run }: TabProps) {
  const timeline = api.useQuery("get", "/api/v1/runs/{id}/timeline", { params: { path: { id: run.id } } })
  const params = run.params ?? {}
  return (
    <>
      {Object.keys(params).length > 0 && (
        <CodeView code={JSON.stringify(params, null, 2)} language="json" title="Parameters" />
      )}
      {run.result !== null && run.result !== undefined && <FlowResult run={run} />}
      <Loaded query={timeline}>
        {({ steps }) =>
          run.pipeline === null ? (
            <Made steps={steps} />
          ) : steps.length === 0 ? (
            <Empty title="No step has returned anything yet." />
          ) : (
            steps.map((each) => (
              <StepValue
                key={each.step}
                run={run}
                step={each.step}
                count={each.count}
                items={each.rows?.map((row) => row.item) ?? null}
              />
            ))
          )
        }
      </Loaded>
    </>
  )
}

interface StepValueProps {
  readonly run: Run
  readonly step: string
  readonly count: number
  /** None where there are too many of them to be listed. */
  readonly items: readonly string[] | null
}

function StepValue({ run, step, count, items }: StepValueProps) {
  const [item, setItem] = useState(items?.[0] ?? "0")
  const query = api.useQuery(
    "get",
    "/api/v1/runs/{id}/values",
    { params: { path: { id: run.id }, query: { step, item } } },
    { placeholderData: undefined, retry: false },
  )
  const problem = query.error ? asProblem(query.error) : null
  const named = Object.entries(query.data?.named ?? {})
  return (
    <Section
      title={shortName(step)}
      actions={
        count > 1 && (
          <Select
            aria-label={`Item of ${shortName(step)}`}
            data={items ? [...items] : Array.from({ length: Math.min(count, 1000) }, (_, at) => String(at))}
            value={item}
            onChange={(value) => setItem(value ?? "0")}
            searchable
            allowDeselect={false}
            w={110}
          />
        )
      }
    >
      {problem ? (
        problem.status === 404 ? (
          <p className={classes.dim}>It returned nothing that is kept.</p>
        ) : (
          <Refusal problem={problem} />
        )
      ) : query.data ? (
        <KeptValue
          key={item}
          run={run.id}
          step={step}
          item={item}
          value={query.data.returned}
          kept={query.data.returned_as}
          title={count > 1 ? `returned [${item}]` : "returned"}
          label={`What ${shortName(step)} returned`}
          height="300px"
        />
      ) : null}
      {named.map(([name, value]) => (
        <KeptValue
          key={`${item} ${name}`}
          run={run.id}
          step={step}
          item={item}
          name={name}
          value={value}
          kept={query.data?.named_as[name] ?? null}
          title={name}
          label={`${name} of ${shortName(step)}`}
          height="200px"
        />
      ))}
    </Section>
  )
}

/** What a flow returned; how it is kept is asked for, as a large value is not told with the run. */
function FlowResult({ run }: { run: Run }) {
  const found = api.useQuery(
    "get",
    "/api/v1/runs/{id}/values",
    { params: { path: { id: run.id } } },
    { retry: false },
  ).data
  return (
    <KeptValue
      run={run.id}
      step={null}
      value={run.result}
      kept={found?.returned_as ?? null}
      title="What the flow returned"
      label="What the flow returned"
      height="300px"
    />
  )
}
