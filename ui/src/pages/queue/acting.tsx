import { Button, Modal, NumberInput } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { type FormEvent, useState } from "react"
import { http } from "@/api/client"
import { asProblem } from "@/api/problem"
import { useAnew } from "../settings/anew"
import { forEach } from "./chosen"
import classes from "./queue.module.css"

interface ActingProps {
  readonly runs: readonly string[]
  readonly clear: () => void
}

/** What can be done with the runs that are chosen: give them another priority, or cancel them. */
export function Acting({ runs, clear }: ActingProps) {
  const [asked, setAsked] = useState<"cancel" | "priority" | null>(null)
  const count = runs.length === 1 ? "one run" : `${runs.length} runs`
  if (runs.length === 0) return <span className={classes.note}>choose runs to cancel or move them</span>
  return (
    <>
      <span className={classes.note}>{count} chosen</span>
      <Button variant="default" onClick={() => setAsked("priority")}>
        Set the priority…
      </Button>
      <Button variant="default" onClick={() => setAsked("cancel")}>
        Cancel {count}…
      </Button>
      {asked && (
        <Ask
          what={asked}
          runs={runs}
          count={count}
          onClose={() => setAsked(null)}
          onDone={() => {
            setAsked(null)
            clear()
          }}
        />
      )}
    </>
  )
}

interface AskProps {
  readonly what: "cancel" | "priority"
  readonly runs: readonly string[]
  readonly count: string
  readonly onClose: () => void
  readonly onDone: () => void
}

function Ask({ what, runs, count, onClose, onDone }: AskProps) {
  // what was chosen when it was asked: a run that begins meanwhile is still meant
  const [meant] = useState(runs)
  const [priority, setPriority] = useState<number | string>(0)
  const [busy, setBusy] = useState(false)
  const anew = useAnew("/api/v1/queue")
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    const { done, refused, first } = await forEach(meant, (id) =>
      what === "cancel"
        ? http.POST("/api/v1/runs/{id}/cancel", { params: { path: { id } } })
        : http.PUT("/api/v1/runs/{id}/priority", {
            params: { path: { id } },
            body: { priority: Number(priority) },
          }),
    )
    notifications.show({
      title: what === "cancel" ? `${done} cancelled` : `${done} moved`,
      message: refused ? `${refused} could not be: ${asProblem(first).message}` : "",
      color: refused ? "yellow" : "indigo",
    })
    anew()
    onDone()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={what === "cancel" ? `Cancel ${count}` : `Priority of ${count}`}
      size="sm"
    >
      <form onSubmit={(event) => void submit(event)}>
        {what === "cancel" ? (
          <p>They never begin. What they should have made can be planned again.</p>
        ) : (
          <NumberInput
            label="Priority"
            description="The highest goes first, then what has waited longest; 0 is that of all others."
            value={priority}
            onChange={setPriority}
            min={-1000}
            max={1000}
            allowDecimal={false}
            data-autofocus
          />
        )}
        <p className={classes.actions} style={{ marginTop: 16 }}>
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button
            type="submit"
            loading={busy}
            disabled={what === "priority" && typeof priority !== "number"}
            {...(what === "cancel" ? { color: "red" } : {})}
          >
            {what === "cancel" ? `Cancel ${count}` : "Set"}
          </Button>
        </p>
      </form>
    </Modal>
  )
}
