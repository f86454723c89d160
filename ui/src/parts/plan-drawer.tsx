import { Drawer } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useState } from "react"
import type { Schema } from "@/api/client"
import { executionPath, planPath } from "@/shell/links"
import { Command } from "./empty"
import classes from "./plan.module.css"
import { ExecutionActions, ExecutionBody, executionSays, useExecution } from "./plan-execution"
import { PlanBody, useApplying, usePlan } from "./plan-view"
import { type Ask, amount, askOf, nothing, typed } from "./plan-words"

interface PlanDrawerProps extends Ask {
  readonly opened: boolean
  readonly onClose: () => void
  /** What is planned, in words; without it the selection. */
  readonly title?: string
  /** Called when the plan was applied; the drawer goes on and shows how far it is. */
  readonly onApplied?: (execution: Schema["ExecutionView"]) => void
}

/** A plan beside the page: what it would run and why. One button applies it, and its lines turn green as they run. */
export function PlanDrawer({ opened, onClose, title, onApplied, ...ask }: PlanDrawerProps) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size="min(860px, 94vw)"
      title={title ?? "Plan"}
      transitionProps={{ duration: 120 }}
    >
      {opened && <Content ask={ask} {...(onApplied ? { onApplied } : {})} />}
    </Drawer>
  )
}

function Content({ ask, onApplied }: { ask: Ask } & Pick<PlanDrawerProps, "onApplied">) {
  const [execution, setExecution] = useState<string | null>(null)
  if (execution !== null) return <Applied id={execution} />
  const applied = (made: Schema["ExecutionView"]) => {
    setExecution(made.id)
    onApplied?.(made)
  }
  return <Proposed ask={ask} onApplied={applied} />
}

function Proposed({ ask, onApplied }: { ask: Ask; onApplied: (made: Schema["ExecutionView"]) => void }) {
  const query = usePlan(ask)
  const plan = query.data
  const { button, notice } = useApplying({ ask, plan, onApplied })
  return (
    <>
      <header className={classes.drawerHead}>
        <div>
          <h2>{plan === undefined ? "Planning" : plan.count ? amount(plan) : nothing(plan).title}</h2>
          {ask.select && (
            <p className={classes.asked}>
              {ask.select}
              {ask.partitions ? ` · ${ask.partitions}` : ""}
            </p>
          )}
        </div>
        <div className={classes.actions}>
          {ask.select && !ask.repair && (
            <Link to={planPath({ select: ask.select, partitions: ask.partitions ?? undefined })}>
              Open as a page
            </Link>
          )}
          {button}
        </div>
      </header>
      <PlanBody query={query} notice={notice} />
      {!ask.repair && (
        <p style={{ marginTop: 14 }}>
          <Command text={typed(ask, "apply")} />
        </p>
      )}
    </>
  )
}

function Applied({ id }: { id: string }) {
  const execution = useExecution(id)
  return (
    <>
      <header className={classes.drawerHead}>
        <div>
          <h2>{execution.data ? executionSays(execution.data) : "Begins"}</h2>
          <p className={classes.asked}>
            <Link to={executionPath(id)}>Execution {id.slice(0, 8)}</Link>
            {execution.data && askOf(execution.data.request).partitions && (
              <>
                {" · "}
                <Link to="/backfills">Backfills</Link>
              </>
            )}
          </p>
        </div>
        {execution.data && (
          <div className={classes.actions}>
            <ExecutionActions execution={execution.data} />
          </div>
        )}
      </header>
      <ExecutionBody id={id} />
    </>
  )
}
