import { Checkbox, NumberInput, TextInput } from "@mantine/core"
import { useEffect, useRef, useState } from "react"
import { Command } from "@/parts/empty"
import { type Ask, typed } from "@/parts/plan-words"
import { SelectionField } from "@/parts/selection-field"
import type { Fields } from "./fields"
import classes from "./plan-page.module.css"

interface OptionsProps {
  readonly values: Fields & { readonly concurrency: number; readonly priority: number }
  readonly set: (change: Partial<OptionsProps["values"]>) => void
  readonly ask: Ask
  /** What the server has against what is asked for. */
  readonly refusal: unknown
}

/** What is planned, and how it is to be applied; each change is planned at once. */
export function Options({ values, set, ask, refusal }: OptionsProps) {
  return (
    <aside className={classes.options} aria-label="What is planned">
      <div>
        <p className={classes.label}>Selection</p>
        <SelectionField
          label="Selection"
          placeholder="all assets"
          value={values.select}
          onChange={(select) => set({ select })}
          error={refusal}
        />
      </div>
      <Settling
        label="Partitions"
        placeholder="all"
        description="2024-01-01..2024-01-31, or keys"
        value={values.partitions}
        onSettled={(partitions) => set({ partitions })}
      />
      <Checkbox
        label="Whatever its state"
        description="All that is selected, and nothing above it"
        checked={values.force}
        onChange={(event) => set({ force: event.currentTarget.checked })}
      />
      <Checkbox
        label="Only what failed"
        checked={values.failed}
        onChange={(event) => set({ failed: event.currentTarget.checked })}
      />
      <Checkbox
        label="Also what waits for a decision"
        description="On code that has changed"
        checked={values.rebuild}
        onChange={(event) => set({ rebuild: event.currentTarget.checked })}
      />
      <Checkbox
        label="End at the first failure"
        checked={values.failFast}
        onChange={(event) => set({ failFast: event.currentTarget.checked })}
      />
      <div className={classes.pair}>
        <NumberInput
          label="Runs at once"
          placeholder="any"
          min={1}
          max={100_000}
          value={values.concurrency || ""}
          onChange={(value) => set({ concurrency: Number(value) || 0 })}
        />
        <NumberInput
          label="Priority"
          min={-1000}
          max={1000}
          value={values.priority}
          onChange={(value) => set({ priority: Number(value) || 0 })}
        />
      </div>
      <div className={classes.say}>
        <Command text={typed(ask)} />
      </div>
    </aside>
  )
}

interface SettlingProps {
  readonly label: string
  readonly placeholder: string
  readonly description: string
  readonly value: string
  readonly onSettled: (value: string) => void
}

/** Milliseconds after the last key in which nothing more is typed. */
const PAUSE = 350

/** A field whose text counts once one has stopped typing, or at Enter. */
function Settling({ label, placeholder, description, value, onSettled }: SettlingProps) {
  const [typing, setTyping] = useState<string | null>(null)
  const settled = useRef(onSettled)
  settled.current = onSettled
  useEffect(() => {
    if (typing === null) return
    const due = setTimeout(() => {
      settled.current(typing.trim())
      setTyping(null)
    }, PAUSE)
    return () => clearTimeout(due)
  }, [typing])
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      description={description}
      value={typing ?? value}
      spellCheck={false}
      onChange={(event) => setTyping(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || typing === null) return
        onSettled(typing.trim())
        setTyping(null)
      }}
    />
  )
}
