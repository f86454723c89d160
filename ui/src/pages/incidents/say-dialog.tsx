import { Button, Modal, Textarea } from "@mantine/core"
import { type FormEvent, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import classes from "./incidents.module.css"
import { useAnew } from "./use-anew"

export type Saying = "acknowledge" | "resolve" | "note"

const WORDS: Readonly<Record<Saying, { title: string; label: string; text: string; verb: string }>> = {
  acknowledge: {
    title: "Take care of it",
    label: "Note",
    text: "Reminders end, and the others see that you are at it.",
    verb: "Acknowledge",
  },
  resolve: {
    title: "Resolve it",
    label: "Why it is over",
    text: "It is told again only if the same happens once more. What is right again is resolved by itself.",
    verb: "Resolve",
  },
  note: { title: "Write a note", label: "Note", text: "It stands in the timeline.", verb: "Write" },
}

interface SayProps {
  readonly id: string
  readonly title: string
  readonly what: Saying
  readonly onClose: () => void
}

/** Says something about an incident: that one takes care of it, that it is over, or a note. */
export function SayDialog({ id, title, what, onClose }: SayProps) {
  const [note, setNote] = useState("")
  const anew = useAnew()
  const options = {
    meta: { quiet: true },
    onSuccess: () => {
      anew()
      onClose()
    },
  }
  const acknowledge = api.useMutation("post", "/api/v1/incidents/{id}/acknowledge", options)
  const resolve = api.useMutation("post", "/api/v1/incidents/{id}/resolve", options)
  const write = api.useMutation("post", "/api/v1/incidents/{id}/notes", options)
  const said = { acknowledge, resolve, note: write }[what]
  const words = WORDS[what]
  const submit = (event?: FormEvent) => {
    event?.preventDefault()
    const params = { path: { id } }
    if (what === "acknowledge") acknowledge.mutate({ params, body: { note } })
    else if (what === "resolve") resolve.mutate({ params, body: { reason: note } })
    else if (note.trim()) write.mutate({ params, body: { note } })
  }
  return (
    <Modal opened onClose={onClose} title={words.title}>
      <form className={classes.form} onSubmit={submit}>
        <p className={classes.dim}>
          <b className={classes.ink}>{title}</b>. {words.text}
        </p>
        <Textarea
          label={words.label}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && (event.metaKey || event.ctrlKey) && submit()}
          autosize
          minRows={2}
          required={what === "note"}
          data-autofocus
        />
        {said.error && <Refusal problem={asProblem(said.error)} />}
        <p className={classes.buttons}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={said.isPending}>
            {words.verb}
          </Button>
        </p>
      </form>
    </Modal>
  )
}
