import { Link } from "@tanstack/react-router"
import { assetPath, pipelinePath, runPath } from "@/shell/links"
import { duration } from "./clock"
import classes from "./plan.module.css"
import {
  type Cause,
  grouped,
  happened,
  hasPage,
  leftAlone,
  lift,
  MARKS,
  type Outline,
  type Row,
  subjectOf,
  telling,
} from "./plan-words"
import { StateMark } from "./state-mark"
import { Time } from "./time"

/** The lines of a plan, by where the trouble began; then what it leaves alone, with what would lift that. */
export function PlanRows({ plan }: { plan: Outline }) {
  const running = plan.rows.filter((row) => !leftAlone(row))
  const alone = plan.rows.filter(leftAlone)
  const marks = [...new Set(plan.rows.map((row) => row.mark))]
  return (
    <div>
      {grouped(running).map((group) => (
        <section key={group.key} className={classes.group} aria-label={group.title}>
          <header className={classes.root}>
            {group.root && <StateMark state={stateOfCause(group.root)} label="" />}
            <h2>{group.root ? <Subject cause={group.root} /> : group.title}</h2>
            {group.root && (
              <span className={classes.happened} title={happened(group.root)}>
                {happened(group.root)}
              </span>
            )}
            {group.root && <Origin cause={group.root} />}
          </header>
          {group.rows.map((row) => (
            <PlanRow key={row.mark + row.name + row.partitions + row.head} row={row} root={group.root} />
          ))}
        </section>
      ))}
      {alone.length > 0 && (
        <section className={classes.group} aria-label="Left alone">
          <header className={classes.root}>
            <h2>Left alone</h2>
          </header>
          {alone.map((row) => (
            <PlanRow key={row.mark + row.name + row.partitions + row.head} row={row} root={null} />
          ))}
        </section>
      )}
      <footer className={classes.foot}>
        {marks.map((mark) => (
          <span key={mark}>
            <StateMark state={MARKS[mark].state} size={10} label="" />
            {MARKS[mark].says}
          </span>
        ))}
        {plan.fresh > 0 && (
          <span>
            <StateMark state="fresh" size={10} label="" />
            {plan.fresh.toLocaleString("en-GB")} fresh, not run
          </span>
        )}
      </footer>
    </div>
  )
}

function PlanRow({ row, root }: { row: Row; root: Cause | null }) {
  const causes = telling(row.causes)
  const lifted = lift(row)
  return (
    <div className={classes.row}>
      <StateMark state={MARKS[row.mark].state} label={MARKS[row.mark].says} />
      <div className={classes.name}>
        <Name row={row} />
      </div>
      <Partitions text={row.partitions} />
      <div className={classes.why}>
        {causes.slice(0, 4).map((cause) => (
          <p key={cause.kind + subjectOf(cause) + cause.detail}>
            <Why cause={cause} row={row} root={root} />
          </p>
        ))}
        {causes.length > 4 && <p>and {causes.length - 4} more causes</p>}
        {row.head === "if inputs change" && <p className={classes.lift}>only if that comes out different</p>}
        {lifted && <p className={classes.lift}>{lifted}</p>}
      </div>
      <div className={classes.time} title="As long as it took before">
        {row.estimate_seconds >= 0.001 && !leftAlone(row) ? duration(row.estimate_seconds) : ""}
      </div>
    </div>
  )
}

/** Ranges are cut where there is no room for them, but never how many there are. */
function Partitions({ text }: { text: string }) {
  const [, keys = text, count = ""] = /^(.*?)( \([\d,]+\))?$/s.exec(text) ?? []
  return (
    <div className={classes.partitions} title={text}>
      <span>{keys}</span>
      <span>{count}</span>
    </div>
  )
}

/** A step that makes several assets names them. */
function Name({ row }: { row: Row }) {
  if (row.kind === "pipeline") return <Link to={pipelinePath(row.name)}>{row.name}</Link>
  if (row.kind === "asset") return <Link to={assetPath(row.name)}>{row.name}</Link>
  return (
    <span title={row.outputs.join(", ")}>
      {row.name} <span className={classes.lift}>makes {row.outputs.length} assets</span>
    </span>
  )
}

function Why({ cause, row, root }: { cause: Cause; row: Row; root: Cause | null }) {
  if (cause === root || (root && same(cause, root))) return <>it {happened({ ...cause, detail: "" })}</>
  if (cause.kind === "missing" && cause.subject === row.name) return <>it has no data yet</>
  if (cause.kind === "forced") return <>it was asked for</>
  if (cause.kind === "upstream" || cause.kind === "data_changed" || cause.kind === "dependency_changed")
    return (
      <>
        reads <Subject cause={cause} />, which {happened(cause)}
        <By cause={cause} unless={root} />
      </>
    )
  if (cause.subject === row.name)
    return (
      <>
        it {happened(cause)}
        <By cause={cause} unless={root} />
      </>
    )
  return (
    <>
      <Subject cause={cause} /> {happened(cause)}
      <By cause={cause} unless={root} />
    </>
  )
}

const same = (one: Cause, other: Cause) =>
  one.kind === other.kind && one.subject === other.subject && one.partition === other.partition

/** By which run, where the heading of its group does not say so. */
function By({ cause, unless }: { cause: Cause; unless: Cause | null }) {
  if (!cause.run || cause.run === unless?.run) return null
  return (
    <>
      {" "}
      · run <Link to={runPath(cause.run)}>{cause.run.slice(0, 8)}</Link>
    </>
  )
}

export function Subject({ cause }: { cause: Cause }) {
  if (!hasPage(cause)) return <>{subjectOf(cause)}</>
  const of = cause.partition ? { partitions: cause.partition } : {}
  return <Link to={assetPath(cause.subject, of)}>{subjectOf(cause)}</Link>
}

function Origin({ cause }: { cause: Cause }) {
  return (
    <span className={classes.origin}>
      {cause.run && (
        <>
          run <Link to={runPath(cause.run)}>{cause.run.slice(0, 8)}</Link>
        </>
      )}
      {cause.run && cause.at && " · "}
      {cause.at && <Time at={cause.at} />}
    </span>
  )
}

function stateOfCause(cause: Cause): string {
  switch (cause.kind) {
    case "failed":
      return "failed"
    case "check_failed":
      return "rejected"
    case "overdue":
      return "overdue"
    case "blocked":
      return "blocked"
    case "running":
      return "running"
    default:
      return "stale"
  }
}
