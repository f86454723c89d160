import { Autocomplete } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useMemo } from "react"
import type { Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { type Owner, useKeysOf, useStripOf } from "@/parts/partition-owner"
import { MiniStrip } from "@/parts/partition-strip-mini"
import { stretchesOf } from "@/parts/partition-strip-window"
import classes from "./partition-field.module.css"
import { offered, soughtIn } from "./partitioned"

export type { Owner } from "@/parts/partition-owner"

/** How many of the latest keys are offered. */
const OFFERED = 60

/** The partitions of a pipeline or asset that a text names, or all; with the refusal where it names none. */
export function useStrip(owner: Owner, partitions: string | null, enabled = true) {
  return useStripOf(owner, partitions === null ? {} : { partitions }, { enabled, strict: true })
}

function useLatestKeys(owner: Owner, strip: Schema["StripView"] | undefined): readonly string[] {
  const query = { start: Math.max(0, (strip?.stop ?? 0) - OFFERED), limit: OFFERED }
  const page = useKeysOf(owner, query, { enabled: strip !== undefined }).data
  return useMemo(() => [...new Set(page?.items.map((each) => each.key) ?? [])].toReversed(), [page])
}

interface PartitionFieldProps {
  readonly owner: Owner
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
  /** What is taken where nothing is written. */
  readonly none: string
  readonly problem?: string | undefined
  /** Whose partitions are shown, where that is not plain from the dialog. */
  readonly of?: string
}

/** Which partitions: one, a range, several; with how those that are meant stand. */
export function PartitionField({ owner, label, value, onChange, none, problem, of }: PartitionFieldProps) {
  const [asked] = useDebouncedValue(value.trim(), 200)
  const whole = useStrip(owner, null)
  const chosen = useStrip(owner, asked, asked !== "")
  const latest = useLatestKeys(owner, whole.data)
  const sought = soughtIn(asked)
  // beside the latest keys those of all that have what is written in them
  const found = useKeysOf(owner, { q: sought, limit: 8 }, { enabled: sought !== "" }).data
  const keys = useMemo(() => [...latest, ...(found?.items.map((each) => each.key) ?? [])], [latest, found])
  const shown = asked === "" ? whole.data : chosen.data
  const refusal = asked !== "" && chosen.error ? asProblem(chosen.error) : null
  return (
    <div className={classes.field}>
      <Autocomplete
        size="xs"
        label={label}
        value={value}
        onChange={onChange}
        data={[...offered(value, keys)]}
        filter={({ options }) => options}
        placeholder={none}
        error={problem ?? refusal?.message}
        comboboxProps={{ withinPortal: true }}
      />
      {shown !== undefined && shown.total > 0 && (
        <div className={classes.standing}>
          <MiniStrip
            stretches={stretchesOf(shown)}
            start={shown.start}
            stop={shown.stop}
            height={10}
            columns={120}
            label={inWords(shown)}
          />
          <span>
            {of !== undefined && `${of}: `}
            {inWords(shown)}
          </span>
        </div>
      )}
      {whole.data?.first_key && whole.data.last_key && (
        <p className={classes.hint}>
          {whole.data.definition}. Write one, a range{" "}
          <code>{`${whole.data.first_key}..${whole.data.last_key}`}</code>, several with commas, or{" "}
          <code>*</code>.
        </p>
      )}
    </div>
  )
}

/** How partitions stand: `36 in all: 30 fresh, 6 failed`. */
export function inWords({ total, counts }: Pick<Schema["StripView"], "total" | "counts">): string {
  const known = Object.entries(counts)
  const rest = total - known.reduce((sum, [, count]) => sum + count, 0)
  const parts = [
    ...known.map(([word, count]) => `${count.toLocaleString("en-GB")} ${word}`),
    ...(rest > 0 ? [`${rest.toLocaleString("en-GB")} never run`] : []),
  ]
  return `${total.toLocaleString("en-GB")} in all: ${parts.join(", ")}`
}

/** Whether a text names more than one partition, so that a backfill runs them. */
export function namesSeveral(text: string): boolean {
  return /\.\.|,|\*/.test(text)
}

/** As text that means a backfill even where it names one partition alone. */
export function several(text: string): string {
  return text === "" || namesSeveral(text) ? text : `${text},`
}
