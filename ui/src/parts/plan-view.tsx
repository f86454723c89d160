import { Button, Tooltip } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense, useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem, Problem } from "@/api/problem"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { planPath } from "@/shell/links"
import { Refusal, Skeleton } from "./empty"
import { Panel } from "./panel"
import classes from "./plan.module.css"
import { type Options, useApply } from "./plan-apply"
import { PlanRows } from "./plan-rows"
import { type Ask, inFull, inShort, nothing, type Outline, plural } from "./plan-words"
import { StateMark } from "./state-mark"

const PlanGraph = lazy(() => import("./plan-graph").then((module) => ({ default: module.PlanGraph })))

/** The plan of an ask, as it is now. */
export function usePlan(ask: Ask) {
  return api.useQuery("post", "/api/v1/plans/outline", { body: inFull(ask) })
}

interface PlanActions {
  readonly ask: Ask
  readonly plan: Outline | undefined
  readonly onApplied: (execution: Schema["ExecutionView"]) => void
  readonly options?: Options
  /** Further buttons beside that which applies. */
  readonly children?: ReactNode
}

/** The button that applies a plan and says exactly what it does; and what the server had against it. */
export function useApplying({ ask, plan, onApplied, options }: PlanActions) {
  const applying = useApply(ask, onApplied)
  const may = useMay("operator")
  const can = may && plan !== undefined && plan.count > 0 && !applying.isPending
  const { mutate } = applying
  const commands = useMemo(
    () =>
      can && plan
        ? [
            {
              id: "plan:apply",
              title: `Apply ${inShort(plan)}`,
              group: "This plan",
              keys: "mod+Enter",
              everywhere: true,
              run: () => mutate({ plan, ...(options ? { options } : {}) }),
            },
          ]
        : [],
    [can, plan, mutate, options],
  )
  useCommands(commands)
  const button = plan !== undefined && plan.count > 0 && (
    <Tooltip label={may ? "Ctrl ↵" : "Only operators may apply plans."}>
      <Button
        size="sm"
        disabled={!may}
        loading={applying.isPending}
        onClick={() => mutate({ plan, ...(options ? { options } : {}) })}
      >
        Apply {inShort(plan)}
      </Button>
    </Tooltip>
  )
  const moved = applying.data?.moved
  const notice = applying.error ? (
    <Refusal problem={asProblem(applying.error)} />
  ) : moved !== undefined ? (
    <p className={classes.notice} role="status">
      <StateMark state="stale" label="" />
      <span>
        The plan has moved since you looked: it is {plural(moved, "step")} now. Nothing ran. Look again, and
        apply it.
      </span>
    </p>
  ) : null
  return { button, notice }
}

interface PlanBodyProps {
  readonly query: ReturnType<typeof usePlan>
  readonly notice: ReactNode
  /** As a graph in place of the lines. */
  readonly graph?: boolean
}

/** What a plan would run and why, or that there is nothing to do. */
export function PlanBody({ query, notice, graph = false }: PlanBodyProps) {
  if (query.error && !query.isFetching)
    return (
      <Panel>
        <Refusal problem={inOneLine(asProblem(query.error))} retry={() => void query.refetch()} />
      </Panel>
    )
  if (query.data === undefined)
    return (
      <Panel>
        <Skeleton rows={5} />
      </Panel>
    )
  const plan = query.data
  return (
    <Panel>
      {notice}
      {plan.count === 0 && <Calm plan={plan} />}
      {plan.rows.length > 0 &&
        (graph ? (
          <Suspense fallback={<Skeleton rows={8} />}>
            <PlanGraph plan={plan} />
          </Suspense>
        ) : (
          <PlanRows plan={plan} />
        ))}
      {plan.hints.length > 0 && (
        <div className={classes.foot}>
          {plan.hints.map((hint) => (
            <Hint key={hint} text={hint} />
          ))}
        </div>
      )}
    </Panel>
  )
}

/** A refusal of a selection points at its place in further lines, which only stand under it in a terminal. */
function inOneLine(problem: Problem): Problem {
  const [detail = problem.message] = problem.message.split("\n")
  return new Problem(problem.status, {
    code: problem.code,
    detail,
    remedy: problem.remedy,
    errors: problem.fields,
  })
}

function Calm({ plan }: { plan: Outline }) {
  const { title, text, good } = nothing(plan)
  return (
    <div className={classes.calm}>
      <StateMark state={good ? "fresh" : "blocked"} size={15} label="" />
      <div>
        <strong>{title}</strong>
        <span>{text}</span>
      </div>
    </div>
  )
}

/** A hint whose commands can be followed: what `weft plan NAME` shows is a page. */
function Hint({ text }: { text: string }) {
  return (
    <p>
      {text.split("`").map((part, at) => {
        if (at % 2 === 0) return part
        const name = /^weft plan (\S+)$/.exec(part)?.[1]
        return name ? (
          <Link key={part} to={planPath({ select: name })}>{`Plan ${name}`}</Link>
        ) : (
          <code key={part}>{part}</code>
        )
      })}
    </p>
  )
}
