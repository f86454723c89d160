import { Link } from "@tanstack/react-router"
import type { Schema } from "@/api/client"
import { StateMark } from "@/parts/state-mark"
import { SubjectLink } from "@/parts/subject-link"
import { Time } from "@/parts/time"
import { runPath } from "@/shell/links"
import { ENTRIES } from "../incidents/words"
import classes from "./incident.module.css"

type Entry = Schema["EntryView"]

/** What happened and was said, the newest first. */
export function Timeline({ entries }: { entries: readonly Entry[] }) {
  return (
    <ol className={classes.timeline}>
      {[...entries].reverse().map((each) => (
        <li key={each.position}>
          <StateMark state={ENTRIES[each.kind]?.mark ?? "waiting"} label="" />
          <div>
            <p>
              <b>{ENTRIES[each.kind]?.word ?? each.kind}</b>
              {each.by && <span className={classes.dim}> by {each.by}</span>}
              {each.subject && (
                <span className={classes.dim}>
                  {" "}
                  {isDelivery(each) ? `over ${each.subject}` : <SubjectLink subject={each.subject} />}
                </span>
              )}
            </p>
            {each.text && <p className={classes.said}>{each.text}</p>}
          </div>
          <span className={classes.dim}>
            {each.run && (
              <>
                <Link to={runPath(each.run)} className="mono">
                  {each.run.slice(0, 8)}
                </Link>
                {" · "}
              </>
            )}
            <Time at={each.at} />
          </span>
        </li>
      ))}
    </ol>
  )
}

function isDelivery(entry: Entry): boolean {
  return entry.kind === "notified" || entry.kind === "not notified"
}
