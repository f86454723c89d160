import { Button, Modal, TextInput } from "@mantine/core"
import type { FormEvent, ReactNode } from "react"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import classes from "./asset.module.css"

interface DialogProps {
  readonly title: string
  readonly children: ReactNode
  /** What the button says: exactly what it does. */
  readonly verb: string
  readonly busy: boolean
  readonly error: unknown
  readonly disabled?: boolean
  readonly onSubmit: () => void
  readonly onClose: () => void
}

/** A decision about an asset: what it does, what it follows from it, one button. A refusal is shown where it was asked. */
export function Dialog({ title, children, verb, busy, error, disabled, onSubmit, onClose }: DialogProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!disabled && !busy) onSubmit()
  }
  return (
    <Modal opened onClose={onClose} title={title} size={560}>
      <form onSubmit={submit}>
        {children}
        {error ? <Refusal problem={asProblem(error)} /> : null}
        <div className={classes.foot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={disabled}>
            {verb}
          </Button>
        </div>
      </form>
    </Modal>
  )
}

interface PartitionsFieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
}

/** Which partitions are meant, as text; all where it is empty. */
export function PartitionsField({ value, onChange }: PartitionsFieldProps) {
  return (
    <TextInput
      label="Partitions"
      description="A key, a list a,b or a range a..b. Empty: all of them."
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      spellCheck={false}
    />
  )
}
