import { NumberInput, Radio, Select } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useRouter } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { useApply } from "@/parts/plan-apply"
import { type Ask, inFull, inShort, MARKS, nothing, type Outline } from "@/parts/plan-words"
import { StateMark } from "@/parts/state-mark"
import { executionPath } from "@/shell/links"
import { Choice } from "./choice"
import { DialogFrame } from "./dialog-frame"
import classes from "./form.module.css"
import { PartitionField } from "./partition-field"
import { partitionedBy } from "./partitioned"
import { closeLaunch, type NewLaunch } from "./state"

const SHOWN = 8

interface AssetFormProps {
  readonly launch: NewLaunch
  /** What is planned: an asset's key, or `job:name`. */
  readonly select: string
}

/** Making an asset, or what a job selects: what is not fresh with all that it needs, or exactly this again. */
export function AssetForm({ launch, select }: AssetFormProps) {
  const router = useRouter()
  const isAsset = launch.kind === "asset" && !select.includes(" ")
  const [partitions, setPartitions] = useState(launch.partitions ?? "")
  const [exact, setExact] = useState(false)
  const [priority, setPriority] = useState(0)
  const [concurrency, setConcurrency] = useState<number | null>(null)
  const [asked] = useDebouncedValue(partitions.trim(), 250)
  const ask: Ask = { select, exact, ...(asked ? { partitions: asked } : {}) }
  const plan = api.useQuery("post", "/api/v1/plans/outline", { body: inFull(ask) }, { retry: false })
  const asset = api.useQuery(
    "get",
    "/api/v1/assets/{key}",
    { params: { path: { key: launch.name } } },
    { enabled: isAsset, retry: false },
  )
  const applying = useApply(ask, (execution) => {
    closeLaunch()
    void router.navigate({ to: executionPath(execution.id) })
  })
  const assets = api.useQuery(
    "get",
    "/api/v1/assets",
    { params: { query: { select, limit: 500 } } },
    { retry: false },
  ).data?.items
  const kinds = useMemo(() => partitionedBy(assets ?? []), [assets])
  const [kind, setKind] = useState<string | null>(null)
  const partitioned = kinds.find((each) => each.definition === kind) ?? kinds[0]
  const hasOthers = assets !== undefined && partitioned !== undefined && partitioned.count < assets.length
  const blocked = plan.error
    ? asProblem(plan.error).message
    : plan.data === undefined
      ? "The plan is being made."
      : plan.data.count === 0
        ? "There is nothing to run."
        : asked !== partitions.trim()
          ? "The plan is being made."
          : null
  return (
    <DialogFrame
      title={`Make ${launch.name}`}
      note={isAsset ? asset.data?.description : `what ${select} selects`}
      onClose={closeLaunch}
      refusal={applying.error ? asProblem(applying.error) : null}
      preview={
        applying.data?.moved !== undefined ? (
          <>The plan has moved since you looked; nothing ran. Look again, and start it.</>
        ) : (
          plan.data && <PlanWords plan={plan.data} />
        )
      }
      action={{
        label: "Make",
        run: () => {
          if (blocked === null && plan.data)
            applying.mutate({ plan: plan.data, options: { priority, concurrency } })
        },
        busy: applying.isPending,
        blocked,
      }}
    >
      {kinds.length > 1 && (
        <Select
          label="Partitioned by"
          data={kinds.map(({ definition, count }) => ({
            value: definition,
            label: `${definition} · ${count.toLocaleString("en-GB")} ${count === 1 ? "asset" : "assets"}`,
          }))}
          value={partitioned?.definition ?? null}
          onChange={setKind}
          allowDeselect={false}
        />
      )}
      {partitioned && (
        <PartitionField
          owner={{ kind: "asset", name: partitioned.asset }}
          label="Partitions"
          none="all of them"
          value={partitions}
          onChange={setPartitions}
          {...(hasOthers ? { of: partitioned.asset } : {})}
        />
      )}
      {hasOthers && asked !== "" && (
        <p className={classes.what}>
          {exact
            ? "Assets that don't have these partitions are left out."
            : "Assets with other partitions make what these need."}
        </p>
      )}
      <Radio.Group
        label="What of it"
        value={exact ? "exact" : "plan"}
        onChange={(to) => setExact(to === "exact")}
        classNames={{ label: classes.label }}
      >
        <div className={classes.modes}>
          <Radio
            size="xs"
            value="plan"
            label={
              <Choice
                title="What is not fresh"
                note="What is missing, failed or stale, with all above that it needs."
              />
            }
          />
          <Radio
            size="xs"
            value="exact"
            label={
              <Choice
                title="Exactly this, again"
                note="All that is named, whatever its state, and nothing above it."
              />
            }
          />
        </div>
      </Radio.Group>
      {plan.data && <Rows plan={plan.data} />}
      <details className={classes.more}>
        <summary>Queue{priority !== 0 && `, priority ${priority}`}</summary>
        <div className={classes.row}>
          <NumberInput
            label="Priority"
            description="The highest goes first"
            inputWrapperOrder={["label", "input", "error", "description"]}
            min={-1000}
            max={1000}
            className={classes.short}
            value={priority}
            onChange={(to) => setPriority(typeof to === "number" ? to : 0)}
          />
          <NumberInput
            label="Runs at once, at most"
            placeholder="no bound"
            min={1}
            max={1000}
            className={classes.short}
            value={concurrency ?? ""}
            onChange={(to) => setConcurrency(typeof to === "number" ? to : null)}
          />
        </div>
      </details>
    </DialogFrame>
  )
}

function PlanWords({ plan }: { plan: Outline }) {
  if (plan.count === 0) return <>{nothing(plan).title}</>
  return (
    <>
      <strong className={classes.strong}>{inShort(plan)}</strong>
      {plan.fresh > 0 && <>, {plan.fresh.toLocaleString("en-GB")} partitions are fresh</>}
    </>
  )
}

function Rows({ plan }: { plan: Outline }) {
  if (plan.rows.length === 0) return null
  return (
    <div className={classes.rows}>
      {plan.rows.slice(0, SHOWN).map((row) => (
        <div key={`${row.mark}${row.name}${row.partitions}`}>
          <StateMark state={MARKS[row.mark].state} label={MARKS[row.mark].says} />
          <span>{row.name}</span>
          <span className={classes.what} title={row.partitions ?? undefined}>
            {row.partitions}
          </span>
        </div>
      ))}
      {plan.rows.length > SHOWN && <div className={classes.what}>and {plan.rows.length - SHOWN} more</div>}
    </div>
  )
}
