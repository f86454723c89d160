import type { ReactNode } from "react"
import { duration } from "@/parts/clock"
import { StateMark } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import type { Automation, Schedule } from "../schedules/words"
import classes from "./schedule.module.css"

/** What is said of it: when, in which zone, what counts after a stop, when nothing is due. */
export function Facts({ automation, schedule }: { automation: Automation; schedule: Schedule | undefined }) {
  return (
    <>
      {automation.paused && (
        <p className={classes.notice}>
          <StateMark state="paused" label="" />
          <span>
            Paused by {automation.paused_by || "someone"}
            {schedule?.paused_at && (
              <>
                {" "}
                <Time at={schedule.paused_at} />
              </>
            )}
            {automation.paused_why && `: ${automation.paused_why}`}. It decides nothing until it is resumed.
          </span>
        </p>
      )}
      {schedule?.problem && (
        <p className={classes.notice} role="alert">
          <StateMark state="failed" label="" />
          <span>{schedule.problem}</span>
        </p>
      )}
      <dl className={classes.facts}>
        <Fact name="Kind">{automation.kind}</Fact>
        <Fact name="When">
          <code>{schedule?.schedule ?? automation.when}</code>
        </Fact>
        {schedule && <Fact name="Zone">{schedule.timezone}</Fact>}
        {schedule && schedule.offset_seconds > 0 && (
          <Fact name="Offset">{round(schedule.offset_seconds)}</Fact>
        )}
        {schedule && schedule.jitter_seconds > 0 && (
          <Fact name="Jitter">within {round(schedule.jitter_seconds)}</Fact>
        )}
        {schedule && <Fact name="After a stop">{CATCHUP[schedule.catchup] ?? schedule.catchup}</Fact>}
        {schedule && schedule.blackout.length > 0 && (
          <Fact name={schedule.blackout_policy === "defer" ? "Put off" : "Skipped"}>
            {schedule.blackout.join("; ")}
          </Fact>
        )}
        {schedule && schedule.assets.length > 0 && <Fact name="Assets">{schedule.assets.join(", ")}</Fact>}
        {automation.looked_at && (
          <Fact name="Looked">
            <Time at={automation.looked_at} />
          </Fact>
        )}
        {automation.next_look && !automation.paused && (
          <Fact name="Looks next">
            <Time at={automation.next_look} />
          </Fact>
        )}
        <Fact name="Location">{automation.location || "–"}</Fact>
        {automation.description && <Fact name="About">{automation.description}</Fact>}
      </dl>
    </>
  )
}

/** `30 min`, without the seconds that are none. */
const round = (seconds: number) => duration(seconds).replace(/ 00 (s|min)$/, "")

const CATCHUP: Readonly<Record<string, string>> = {
  none: "only the last tick counts",
  all: "every tick is caught up with",
  latest: "the last tick is caught up with",
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
