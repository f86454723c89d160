import { Link } from "@tanstack/react-router"
import { useEffect } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { executionPath } from "@/shell/links"
import classes from "./progress.module.css"
import { about, grouped } from "./words"

/** Milliseconds for which the outcome is shown before the trouble has its button again. */
const SEEN = 4000

/** How far an execution is: a bar, what is done of all, and how long it takes yet. */
export function Progress({ execution, onEnd }: { execution: string; onEnd?: () => void }) {
  const query = api.useQuery("get", "/api/v1/executions/{id}", { params: { path: { id: execution } } })
  const found = query.data
  // one that the server no longer knows will not go on: the trouble has its button again
  const gone = found === undefined && query.error !== null && asProblem(query.error).status === 404
  const over = gone || found?.phase === "finished"
  useEffect(() => {
    if (!over || !onEnd) return undefined
    const seen = setTimeout(onEnd, SEEN)
    return () => clearTimeout(seen)
  }, [over, onEnd])
  const done = found ? found.succeeded + found.failed + found.passed : 0
  const total = found?.total ?? 0
  const words = gone
    ? "no longer known"
    : found === undefined || found.phase === "created"
      ? "starting"
      : found.phase === "finished"
        ? (found.outcome ?? "ended")
        : `${grouped(done)} of ${grouped(total)}${found.seconds_left ? ` · ${about(found.seconds_left)} left` : ""}`
  return (
    <Link to={executionPath(execution)} className={classes.progress} role="status">
      <Bar done={done} total={total} failed={found?.failed ?? 0} label={words} />
      <span>{words}</span>
    </Link>
  )
}

interface BarProps {
  readonly done: number
  readonly total: number
  readonly failed: number
  readonly label: string
}

export function Bar({ done, total, failed, label }: BarProps) {
  const part = (count: number) => `${total > 0 ? (100 * count) / total : 0}%`
  return (
    <span
      className={classes.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={done}
    >
      <span className={classes.done} style={{ width: part(Math.max(0, done - failed)) }} />
      <span className={classes.failed} style={{ width: part(failed) }} />
    </span>
  )
}
