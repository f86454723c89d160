import { CopyButton } from "@mantine/core"
import type { ReactNode } from "react"
import type { Problem } from "@/api/problem"
import classes from "./empty.module.css"

interface EmptyProps {
  readonly title: string
  /** Why there is nothing, or what would put something here. */
  readonly children?: ReactNode
  /** The next command to type; a click copies it. */
  readonly command?: string
  readonly action?: ReactNode
}

/** What stands where nothing is: why, and what to do next. */
export function Empty({ title, children, command, action }: EmptyProps) {
  return (
    <div className={classes.empty}>
      <p className={classes.title}>{title}</p>
      {children !== undefined && <div className={classes.text}>{children}</div>}
      {command !== undefined && <Command text={command} />}
      {action}
    </div>
  )
}

/** A command of the shell, copied by a click. */
export function Command({ text }: { text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <button type="button" className={classes.command} onClick={copy} title="Copy">
          <code>
            <span aria-hidden="true">$ </span>
            {text}
          </code>
          <span className={classes.copied}>{copied ? "copied" : "copy"}</span>
        </button>
      )}
    </CopyButton>
  )
}

/** A refusal in place of what was asked for: what is wrong, and what to do. */
export function Refusal({ problem, retry }: { problem: Problem; retry?: () => void }) {
  return (
    <div className={classes.refusal} role="alert">
      <p className={classes.title}>{problem.message}</p>
      {problem.remedy && <p className={classes.text}>{problem.remedy}</p>}
      {problem.fields.length > 0 && (
        <ul>
          {problem.fields.map((each) => (
            <li key={each.field + each.problem}>
              <code>{each.field}</code>: {each.problem}
            </li>
          ))}
        </ul>
      )}
      {retry !== undefined && (
        <button type="button" className={classes.command} onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Grey lines in the place of rows that come soon. */
export function Skeleton({ rows = 6, height = 32 }: { rows?: number; height?: number }) {
  return (
    <div className={classes.skeleton} aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows that are all alike
        <div key={row} style={{ height }}>
          <span style={{ width: `${22 + ((row * 37) % 40)}%` }} />
          <span style={{ width: `${8 + ((row * 23) % 12)}%` }} />
        </div>
      ))}
    </div>
  )
}
