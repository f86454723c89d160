import { Button, TextInput } from "@mantine/core"
import { type ReactNode, useState } from "react"
import { Refusal } from "./empty"
import classes from "./partition-selection.module.css"
import { count } from "./partition-strip-ranges"
import { StateWord } from "./state-mark"
import type { Picked } from "./use-picked"

interface PartitionSelectionProps {
  readonly picked: Picked
  /** What one of them is called. */
  readonly word: "partition" | "interval"
  /** The statuses that are pressed below the strip: all of these can be selected at once. */
  readonly status: readonly string[]
  /** A text that selects some, as it could be typed. */
  readonly example: string
  /** What can be done with a selection, while there is none. */
  readonly hint: string
  /** What can be done with what is selected: buttons. */
  readonly children: ReactNode
}

/** How many are selected. */
export function sizeOf(picked: Picked): number {
  return picked.view?.count ?? count(picked.ranges)
}

/** What is selected of partitions or intervals: as text that can be typed, how many, how they stand, and what to do. */
export function PartitionSelection({
  picked,
  word,
  status,
  example,
  hint,
  children,
}: PartitionSelectionProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const size = sizeOf(picked)
  const done = () => {
    if (typed !== null) picked.type(typed)
    setTyped(null)
  }
  return (
    <div className={classes.bar}>
      <TextInput
        aria-label={`Selected ${word}s`}
        placeholder={`Nothing selected: type ${example}, or drag above`}
        value={typed ?? picked.text}
        spellCheck={false}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={done}
        onKeyDown={(event) => {
          if (event.key === "Enter") done()
          if (event.key === "Escape") setTyped(null)
        }}
        error={picked.problem ? true : undefined}
      />
      <div className={classes.acts}>{children}</div>
      <div className={classes.summary} aria-live="polite">
        {picked.problem ? (
          <Refusal problem={picked.problem} />
        ) : picked.text !== "" ? (
          <>
            <strong>
              {size.toLocaleString("en-GB")} {size === 1 ? word : `${word}s`}
            </strong>
            {Object.entries(picked.view?.counts ?? {}).map(([state, each]) => (
              <StateWord key={state} state={state}>
                {each.toLocaleString("en-GB")} {state}
              </StateWord>
            ))}
            <Button size="compact-xs" variant="subtle" onClick={() => picked.type("")}>
              Clear
            </Button>
          </>
        ) : (
          <span className={classes.hint}>{hint}</span>
        )}
        {status.length > 0 && !picked.problem && (
          <Button size="compact-xs" variant="subtle" onClick={() => picked.pickStatus(status)}>
            Select those that are {status.join(" or ")}
          </Button>
        )}
      </div>
    </div>
  )
}
