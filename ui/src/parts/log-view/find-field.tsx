import { ActionIcon, Button, TextInput } from "@mantine/core"
import { ChevronDown, ChevronUp, Search, X } from "lucide-react"
import { type Ref, useState } from "react"
import classes from "./log.module.css"
import type { FoundLines } from "./source"

interface FindFieldProps {
  readonly find: string
  readonly only: boolean
  readonly live: boolean
  readonly hits: FoundLines | null
  /** At which hit one is, from 0; -1 for none. */
  readonly at: number
  readonly go: (to: number) => void
  readonly onState: (change: { find?: string; only?: boolean }) => void
  readonly onLeave: () => void
  readonly field: Ref<HTMLInputElement>
}

/** What is looked for in the log, how often it is there, and the way from one hit to the next. */
export function FindField({ find, only, live, hits, at, go, onState, onLeave, field }: FindFieldProps) {
  const [typed, setTyped] = useState(find)
  const [before, setBefore] = useState(find)
  if (before !== find) {
    setBefore(find)
    setTyped(find)
  }
  const first = (hits?.found.length ?? 0) > 0
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (typed !== find) onState({ find: typed })
          else go(at + 1)
        }}
      >
        <TextInput
          ref={field}
          className={classes.find}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && event.shiftKey) {
              event.preventDefault()
              go(at - 1)
            } else if (event.key === "Escape") {
              event.preventDefault()
              setTyped("")
              onState({ find: "", only: false })
              onLeave()
            }
          }}
          leftSection={<Search size={13} />}
          rightSection={
            typed && (
              <ActionIcon
                size="xs"
                aria-label="Clear the search"
                onClick={() => {
                  setTyped("")
                  onState({ find: "", only: false })
                }}
              >
                <X size={12} />
              </ActionIcon>
            )
          }
          placeholder={live ? "Find in what is here" : "Find in the whole log"}
          aria-label="Find in the log"
        />
      </form>
      {find !== "" && !only && hits && (
        <>
          <span className={classes.count} role="status">
            {said(at, hits)}
          </span>
          <ActionIcon size="sm" aria-label="Previous hit" disabled={!first} onClick={() => go(at - 1)}>
            <ChevronUp size={14} />
          </ActionIcon>
          <ActionIcon size="sm" aria-label="Next hit" disabled={!first} onClick={() => go(at + 1)}>
            <ChevronDown size={14} />
          </ActionIcon>
        </>
      )}
      {find !== "" && (
        <Button
          size="compact-sm"
          variant={only ? "light" : "default"}
          aria-pressed={only}
          onClick={() => onState({ only: !only })}
        >
          Only these
        </Button>
      )}
    </>
  )
}

function said(at: number, hits: FoundLines): string {
  const count = hits.count.toLocaleString("en")
  if (hits.count === 0) return hits.complete ? "no hits" : `${Math.round(hits.part * 100)} %`
  return `${at + 1} of ${count}${hits.cut ? "+" : ""}${hits.complete ? "" : "…"}`
}
