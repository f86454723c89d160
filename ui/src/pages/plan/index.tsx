import { Button, SegmentedControl } from "@mantine/core"
import { useRouter } from "@tanstack/react-router"
import { useMemo } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { PlanBody, useApplying, usePlan } from "@/parts/plan-view"
import { about, amount, inFull, nothing } from "@/parts/plan-words"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { executionPath, savedPlanPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { useUrlState } from "@/shell/url-state"
import { askOfFields, FIELDS } from "./fields"
import { Options } from "./options"
import classes from "./plan-page.module.css"

/** What would run, why, in which order and how long it takes; one button applies exactly that. */
export default function PlanPage() {
  const [values, set] = useUrlState(FIELDS)
  const router = useRouter()
  const ask = useMemo(() => askOfFields(values), [values])
  const options = useMemo(
    () => ({ priority: values.priority, concurrency: values.concurrency || null }),
    [values.priority, values.concurrency],
  )
  const query = usePlan(ask)
  const plan = query.isPlaceholderData ? undefined : query.data
  const { button, notice } = useApplying({
    ask,
    plan,
    options,
    onApplied: (made) => void router.navigate({ to: executionPath(made.id) }),
  })
  const may = useMay("operator")
  const saving = api.useMutation("post", "/api/v1/plans", {
    onSuccess: (saved) => void router.navigate({ to: savedPlanPath(saved.id) }),
  })
  const { mutate: save } = saving
  const can = may && plan !== undefined && plan.count > 0
  const commands = useMemo(
    () => [
      ...(can
        ? [
            {
              id: "plan:save",
              title: "Save this plan",
              group: "This plan",
              run: () => save({ body: inFull(ask) }),
            },
          ]
        : []),
      {
        id: "plan:all",
        title: "Plan all assets",
        group: "This plan",
        run: () => set({ select: "", partitions: "", force: false, failed: false }),
      },
    ],
    [can, ask, save, set],
  )
  useCommands(commands)
  const shown = query.data
  return (
    <Page
      title={values.select ? `Plan of ${values.select}` : "Plan"}
      heading="Plan"
      trail={[["Plans", "/plans"]]}
      sub={shown && !query.error ? says(shown) : undefined}
      actions={
        <>
          <SegmentedControl
            data={VIEWS}
            value={values.view}
            onChange={(view) => set({ view: view === "graph" ? "graph" : "list" })}
            aria-label="View"
          />
          {can && (
            <Button
              size="sm"
              variant="default"
              loading={saving.isPending}
              onClick={() => save({ body: inFull(ask) })}
            >
              Save
            </Button>
          )}
          {button}
        </>
      }
    >
      <div className={classes.columns}>
        <PlanBody query={query} notice={notice} graph={values.view === "graph"} />
        <Options values={values} set={set} ask={ask} refusal={ofSelection(query.error)} />
      </div>
    </Page>
  )
}

const VIEWS = [
  { value: "list", label: "List" },
  { value: "graph", label: "Graph" },
]

/** A refusal of the selection stands at its place; what else is refused does not belong there. */
function ofSelection(error: unknown): unknown {
  return error && asProblem(error).code === "selection" ? error : null
}

function says(plan: NonNullable<ReturnType<typeof usePlan>["data"]>): string {
  if (plan.count === 0) return nothing(plan).title
  return [amount(plan), about(plan.estimate_seconds)].filter(Boolean).join(" · ")
}
