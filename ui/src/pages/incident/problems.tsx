import { Link } from "@tanstack/react-router"
import type { Schema } from "@/api/client"
import { StateMark } from "@/parts/state-mark"
import { SubjectLink, subjectParts } from "@/parts/subject-link"
import { Time } from "@/parts/time"
import { assetPath, runPath } from "@/shell/links"
import classes from "./incident.module.css"

type Problem = Schema["IncidentsProblemView"]

const MARKS: Readonly<Record<string, string>> = {
  failure: "failed",
  rejected: "rejected",
  check: "failed",
  held: "blocked",
  late: "late",
  due_soon: "due_soon",
  stale: "stale",
  duration: "late",
}

/** All that is wrong still because of it, since when, each with where to look. */
export function Problems({ incident }: { incident: Schema["IncidentDetail"] }) {
  if (incident.problems.length === 0)
    return (
      <p className={classes.none}>
        {incident.phase === "resolved"
          ? "Nothing: it is over."
          : "Nothing any more; it is resolved at the next look."}
      </p>
    )
  return (
    <ul className={classes.problems}>
      {incident.problems.map((each) => (
        <li key={`${each.kind} ${each.subject} ${each.partition}`}>
          <StateMark state={MARKS[each.kind] ?? "failed"} label={each.kind} />
          <span className={classes.text}>
            <Named problem={each} />
            <span className={classes.dim}>{each.detail}</span>
          </span>
          <span className={classes.dim}>
            {each.run && (
              <>
                <Link to={runPath(each.run, { tab: "logs" })}>log</Link>
                {" · "}
                <Link to={runPath(each.run)} className="mono">
                  {each.run.slice(0, 8)}
                </Link>
                {" · "}
              </>
            )}
            <Time at={each.since} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function Named({ problem }: { problem: Problem }) {
  const [kind, name] = subjectParts(problem.subject)
  if (kind === "asset" && problem.partition)
    return (
      <b>
        <Link to={assetPath(name, { partition: problem.partition })}>
          {name} {problem.partition}
        </Link>
      </b>
    )
  return (
    <b>
      <SubjectLink subject={problem.subject} />
      {problem.partition && ` ${problem.partition}`}
    </b>
  )
}
