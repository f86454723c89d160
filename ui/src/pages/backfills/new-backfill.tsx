import { Checkbox, NumberInput, SegmentedControl, Select } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useRouter } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { DialogFrame } from "@/parts/launch/dialog-frame"
import { type Owner, PartitionField } from "@/parts/launch/partition-field"
import { executionPath } from "@/shell/links"
import classes from "./new-backfill.module.css"
import { RangeStrip } from "./range-strip"
import { inOrder, targetsOf } from "./targets"

type Reprocess = Schema["NewBackfill"]["reprocess"]

const REPROCESS: ReadonlyArray<{ value: NonNullable<Reprocess>; label: string }> = [
  { value: "missing", label: "What never ran" },
  { value: "failed", label: "Also what failed" },
  { value: "all", label: "All anew" },
]

interface NewBackfillProps {
  readonly name: string
  readonly partitions: string
  readonly onClose: () => void
}

/** Asks for a backfill: of what, which range, in which order, how many at once; with what it would run. */
export function NewBackfill({ name: first, partitions: range, onClose }: NewBackfillProps) {
  const router = useRouter()
  const [name, setName] = useState(first)
  const [typed, setTyped] = useState("")
  const [partitions, setPartitions] = useState(range)
  const [reprocess, setReprocess] = useState<NonNullable<Reprocess>>("missing")
  const [newestFirst, setNewestFirst] = useState(false)
  const [concurrency, setConcurrency] = useState<number | string>("")
  const [slices, setSlices] = useState<number | string>("")
  const [priority, setPriority] = useState<number | string>(0)
  const assets = api.useQuery("get", "/api/v1/assets", { params: { query: { limit: 500 } } })
  const pipelines = api.useQuery("get", "/api/v1/pipelines", { params: { query: { limit: 500 } } })
  // beyond the first of them what is typed is searched for
  const [wanted] = useDebouncedValue(typed.trim(), 200)
  const search = api.useQuery(
    "get",
    "/api/v1/search",
    { params: { query: { q: wanted || name } } },
    { enabled: (wanted || name) !== "" },
  )
  const targets = useMemo(
    () => targetsOf(assets.data?.items ?? [], pipelines.data?.items ?? [], search.data?.items ?? []),
    [assets.data, pipelines.data, search.data],
  )
  const owner: Owner | null = targets.kinds.has(name)
    ? { kind: targets.kinds.get(name) ?? "asset", name }
    : null
  const body: Schema["NewBackfill"] = {
    name,
    partitions: partitions.trim() || "*",
    reprocess,
    newest_first: newestFirst,
    params: null,
    priority: Number(priority) || 0,
    concurrency: concurrency === "" ? null : Number(concurrency),
    slices: owner?.kind === "asset" && slices !== "" ? Number(slices) : null,
  }
  const [asked] = useDebouncedValue(JSON.stringify(body), 250)
  const preview = api.useQuery(
    "post",
    "/api/v1/backfills/preview",
    { body: JSON.parse(asked) as Schema["NewBackfill"] },
    { enabled: owner !== null, retry: false, placeholderData: undefined },
  )
  const created = api.useMutation("post", "/api/v1/backfills", {
    meta: { quiet: true },
    onSuccess: (made) => void router.navigate({ to: executionPath(made.id) }),
  })
  const count = preview.data?.partitions.length ?? 0
  return (
    <DialogFrame
      title="New backfill"
      note="many intervals of a pipeline, or partitions of an asset"
      onClose={onClose}
      preview={<Preview view={preview.data} />}
      refusal={created.error ? asProblem(created.error) : null}
      action={{
        label: count ? `Backfill ${count.toLocaleString("en-GB")}` : "Backfill",
        run: () => created.mutate({ body }),
        busy: created.isPending,
        blocked: owner === null ? "Say of what." : preview.data && !count ? "There is nothing to run." : null,
      }}
    >
      <div className={classes.fields}>
        <Select
          label="Of"
          placeholder="A pipeline or an asset with partitions"
          searchable
          limit={50}
          onSearchChange={setTyped}
          data={[...targets.choices]}
          value={name || null}
          onChange={(value) => setName(value ?? "")}
          data-autofocus={first ? undefined : true}
          comboboxProps={{ withinPortal: true }}
        />
        {owner && (
          <PartitionField
            owner={owner}
            label="Partitions"
            value={partitions}
            onChange={setPartitions}
            none="all"
            problem={preview.error ? asProblem(preview.error).message : undefined}
          />
        )}
        {owner && <RangeStrip key={name} owner={owner} text={partitions.trim()} onText={setPartitions} />}
        <div>
          <p className={classes.label}>Run</p>
          <SegmentedControl
            data={[...REPROCESS]}
            value={reprocess}
            onChange={(value) => setReprocess(value as NonNullable<Reprocess>)}
            aria-label="Which of them"
          />
        </div>
        <Checkbox
          label="Newest first"
          disabled={owner?.kind === "asset"}
          checked={newestFirst}
          onChange={(event) => setNewestFirst(event.currentTarget.checked)}
        />
        <div className={classes.numbers}>
          <NumberInput
            label="Runs at once"
            placeholder="any"
            min={1}
            max={100_000}
            value={concurrency}
            onChange={setConcurrency}
          />
          {owner?.kind === "asset" && (
            <NumberInput
              label="Partitions in a run"
              placeholder="all in one"
              min={1}
              max={1_000_000}
              value={slices}
              onChange={setSlices}
            />
          )}
          <NumberInput label="Priority" min={-1000} max={1000} value={priority} onChange={setPriority} />
        </div>
      </div>
    </DialogFrame>
  )
}

function Preview({ view }: { view: Schema["BackfillView"] | undefined }) {
  if (view === undefined) return null
  const { done_before: before } = view
  return (
    <span>
      {inOrder(view.partitions)}
      {before > 0 && ` · ${before.toLocaleString("en-GB")} done before`}
    </span>
  )
}
