import { Button, Modal, Switch, Textarea, Tooltip } from "@mantine/core"
import { type FormEvent, useState } from "react"
import { api } from "@/api/client"
import { useMay } from "@/shell/door"
import classes from "./schedules.module.css"
import type { Automation } from "./words"

/** On while it asks for runs. Switching it off asks why, so that the next person knows. */
export function PauseSwitch({ automation }: { automation: Pick<Automation, "id" | "name" | "paused"> }) {
  const may = useMay("operator")
  const [asking, setAsking] = useState(false)
  const resume = api.useMutation("post", "/api/v1/automations/{id}/resume")
  return (
    <>
      <Tooltip
        label={
          may
            ? automation.paused
              ? "Resume: it goes on from now"
              : "Pause it"
            : "Only operators may pause what asks for runs."
        }
      >
        <Switch
          aria-label={`${automation.name} asks for runs`}
          checked={!automation.paused}
          disabled={!may || resume.isPending}
          onChange={(event) => {
            if (!event.currentTarget.checked) setAsking(true)
            else resume.mutate({ params: { path: { id: automation.id } } })
          }}
        />
      </Tooltip>
      {asking && <PauseDialog automation={automation} onClose={() => setAsking(false)} />}
    </>
  )
}

interface DialogProps {
  readonly automation: Pick<Automation, "id" | "name">
  readonly onClose: () => void
}

/** Pauses something that asks for runs, and keeps why. */
export function PauseDialog({ automation, onClose }: DialogProps) {
  const [reason, setReason] = useState("")
  const pause = api.useMutation("post", "/api/v1/automations/{id}/pause", { onSuccess: onClose })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    pause.mutate({ params: { path: { id: automation.id } }, body: { reason } })
  }
  return (
    <Modal opened onClose={onClose} title={`Pause ${automation.name}`}>
      <form onSubmit={submit} className={classes.dialog}>
        <p className={classes.dim}>
          It decides nothing until it is resumed. Runs that are under way end by themselves.
        </p>
        <Textarea
          label="Why"
          placeholder="the exchange is closed"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
        <div className={classes.buttons}>
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button type="submit" loading={pause.isPending}>
            Pause
          </Button>
        </div>
      </form>
    </Modal>
  )
}
