import { Button, Modal } from "@mantine/core"
import type { FormEvent, ReactNode } from "react"
import { asProblem } from "@/api/problem"
import { Refusal } from "./empty"
import classes from "./form-dialog.module.css"

interface FormDialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
  /** What the button says that sends it. */
  readonly verb: string
  readonly onSubmit: () => void
  readonly busy: boolean
  /** What the server had against it; stands above the button, and what was typed stays. */
  readonly error?: unknown
  /** What it does cannot be undone: Enter alone does not press it. */
  readonly final?: boolean
}

/** A dialog with some fields and one button; Enter in a field presses it. */
export function FormDialog(props: FormDialogProps) {
  const { title, onClose, children, verb, onSubmit, busy, error, final = false } = props
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!busy) onSubmit()
  }
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": "Close" }}>
      <form className={classes.form} onSubmit={submit}>
        {children}
        {error ? <Refusal problem={asProblem(error)} /> : null}
        <p className={classes.buttons}>
          <Button variant="default" onClick={onClose} {...(final ? { "data-autofocus": true } : {})}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} {...(final ? { color: "red" } : {})}>
            {verb}
          </Button>
        </p>
      </form>
    </Modal>
  )
}
