import { ActionIcon, Button, Modal, Select, Textarea, TextInput } from "@mantine/core"
import { Plus, X } from "lucide-react"
import { type FormEvent, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { serverNow } from "@/api/server-time"
import { Refusal } from "@/parts/empty"
import classes from "./incidents.module.css"
import { useAnew } from "./use-anew"
import { matchesOf, SILENCED } from "./words"

interface SilenceProps {
  /** What it begins with, such as `{ root: "asset:orders" }`. */
  readonly matches?: Readonly<Record<string, string>>
  readonly onClose: () => void
}

const HOURS: ReadonlyArray<{ value: string; label: string }> = [
  { value: "1", label: "an hour" },
  { value: "4", label: "4 hours" },
  { value: "24", label: "a day" },
  { value: "72", label: "3 days" },
  { value: "168", label: "a week" },
  { value: "720", label: "30 days" },
]

/** Tells nobody for a while of what matches; incidents are kept all the same. */
export function SilenceDialog({ matches = { root: "" }, onClose }: SilenceProps) {
  const [rows, setRows] = useState(() =>
    Object.entries(matches).map(([field, pattern], id) => ({ id, field, pattern })),
  )
  const [hours, setHours] = useState("4")
  const [reason, setReason] = useState("")
  const anew = useAnew()
  const make = api.useMutation("post", "/api/v1/silences", {
    meta: { quiet: true },
    onSuccess: () => {
      anew()
      onClose()
    },
  })
  const change = (id: number, next: { field?: string; pattern?: string }) =>
    setRows((before) => before.map((row) => (row.id === id ? { ...row, ...next } : row)))
  const chosen = matchesOf(rows)
  const left = SILENCED.filter(({ value }) => rows.every((row) => row.field !== value))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const until = new Date(serverNow() + Number(hours) * 3_600_000).toISOString()
    make.mutate({ body: { matches: chosen, until, reason } })
  }
  return (
    <Modal opened onClose={onClose} title="Silence" size="lg">
      <form className={classes.form} onSubmit={submit}>
        <p className={classes.dim}>
          Nobody is told of incidents that match all of these. They are kept, and what is still open when the
          silence ends is told then. <code>*</code> stands for any letters.
        </p>
        {rows.map((row) => (
          <div key={row.id} className={classes.match}>
            <Select
              aria-label="Field"
              data={SILENCED.filter(
                ({ value }) => value === row.field || left.some((each) => each.value === value),
              ).map(({ value, label }) => ({ value, label }))}
              value={row.field}
              allowDeselect={false}
              onChange={(field) => field && change(row.id, { field })}
            />
            <TextInput
              aria-label={`What ${row.field} is`}
              placeholder={SILENCED.find(({ value }) => value === row.field)?.example}
              value={row.pattern}
              onChange={(event) => change(row.id, { pattern: event.currentTarget.value })}
              spellCheck={false}
              data-autofocus={row.pattern === "" || undefined}
            />
            <ActionIcon
              aria-label={`Leave out ${row.field}`}
              disabled={rows.length === 1}
              onClick={() => setRows((before) => before.filter((each) => each.id !== row.id))}
            >
              <X size={14} />
            </ActionIcon>
          </div>
        ))}
        {left[0] && (
          <p>
            <Button
              variant="default"
              size="compact-xs"
              leftSection={<Plus size={12} />}
              onClick={() =>
                setRows((before) => [
                  ...before,
                  {
                    id: Math.max(...before.map((each) => each.id)) + 1,
                    field: left[0]?.value ?? "rule",
                    pattern: "",
                  },
                ])
              }
            >
              And
            </Button>
          </p>
        )}
        <Select
          label="For"
          data={[...HOURS]}
          value={hours}
          allowDeselect={false}
          onChange={(value) => value && setHours(value)}
        />
        <Textarea
          label="Why"
          placeholder="The feed is moved"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          autosize
        />
        {make.error && <Refusal problem={asProblem(make.error)} />}
        <p className={classes.buttons}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={Object.keys(chosen).length === 0} loading={make.isPending}>
            Silence
          </Button>
        </p>
      </form>
    </Modal>
  )
}
