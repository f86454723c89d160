import { Link } from "@tanstack/react-router"
import { runPath } from "@/shell/links"

/** Some runs by the beginning of their ids, and how many more there are. */
export function RunLinks({ runs, most = 4 }: { runs: readonly string[]; most?: number }) {
  return (
    <>
      {runs.slice(0, most).map((run, at) => (
        <span key={run}>
          {at > 0 && ", "}
          <Link to={runPath(run)} className="mono">
            {run.slice(0, 8)}
          </Link>
        </span>
      ))}
      {runs.length > most && ` and ${runs.length - most} more`}
    </>
  )
}
