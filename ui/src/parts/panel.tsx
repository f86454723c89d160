import type { ReactNode } from "react"
import classes from "./panel.module.css"

interface PanelProps {
  readonly children: ReactNode
  /** Without it the content reaches the edges, as tables do. */
  readonly padded?: boolean
  readonly className?: string
}

/** A white area with a hair line around: what belongs together. */
export function Panel({ children, padded = false, className }: PanelProps) {
  return (
    <div className={[classes.panel, padded && classes.padded, className].filter(Boolean).join(" ")}>
      {children}
    </div>
  )
}

interface SectionProps {
  readonly title: ReactNode
  /** What is to be said of it in one line, in a faint colour. */
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly id?: string
}

/** A part of a page under a small title. */
export function Section({ title, note, actions, children, id }: SectionProps) {
  return (
    <section className={classes.section} id={id} aria-label={typeof title === "string" ? title : undefined}>
      <header className={classes.head}>
        <h2>{title}</h2>
        {note !== undefined && <span className={classes.note}>{note}</span>}
        {actions !== undefined && <span className={classes.actions}>{actions}</span>}
      </header>
      {children}
    </section>
  )
}
