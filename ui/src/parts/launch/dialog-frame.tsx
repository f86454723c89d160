import { Button, Modal, Tooltip } from "@mantine/core"
import type { ReactNode } from "react"
import type { Problem } from "@/api/problem"
import { written } from "@/shell/commands"
import { useMay } from "@/shell/door"
import classes from "./dialog-frame.module.css"

interface FrameProps {
  readonly title: string
  /** In short what is launched: beside the title. */
  readonly note?: ReactNode
  readonly onClose: () => void
  readonly children: ReactNode
  /** What would run, in words; stands beside the button that does it. */
  readonly preview?: ReactNode
  readonly action?: {
    readonly label: string
    readonly run: () => void
    readonly busy: boolean
    /** Why it can't be done now. */
    readonly blocked?: string | null
  }
  /** What the server had against it, where it belongs to no field. */
  readonly refusal?: Problem | null
  readonly wide?: boolean
}

/** A dialog that starts something: fields, below them what would happen, and one button. Mod+Enter presses it. */
export function DialogFrame({ title, note, onClose, children, preview, action, refusal, wide }: FrameProps) {
  const may = useMay("operator")
  const reason = may ? (action?.blocked ?? null) : "Only operators may start runs."
  const press = () => {
    if (action && may && !action.busy) action.run()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size={wide ? 980 : 640}
      title={
        <span className={classes.title}>
          <span>{title}</span>
          {note !== undefined && <span className={classes.note}>{note}</span>}
        </span>
      }
      closeButtonProps={{ "aria-label": "Close" }}
      classNames={{ header: classes.header, body: classes.shell, content: classes.content }}
      onKeyDownCapture={(event) => {
        if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return
        event.preventDefault()
        event.stopPropagation()
        press()
      }}
    >
      <div className={classes.body}>{children}</div>
      {action !== undefined && (
        <footer className={classes.foot}>
          {refusal && (
            <div className={classes.refusal} role="alert">
              <strong>{refusal.message}</strong>
              {refusal.remedy && <span>{refusal.remedy}</span>}
            </div>
          )}
          <div className={classes.line}>
            <div className={classes.preview} aria-live="polite">
              {preview}
            </div>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Tooltip label={reason ?? written("mod+Enter")}>
              <Button
                onClick={press}
                loading={action.busy}
                data-disabled={reason !== null || undefined}
                aria-disabled={reason !== null || undefined}
                rightSection={<kbd className={classes.key}>{written("mod+Enter")}</kbd>}
              >
                {action.label}
              </Button>
            </Tooltip>
          </div>
        </footer>
      )}
    </Modal>
  )
}
