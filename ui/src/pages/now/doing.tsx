import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { Panel, Section } from "@/parts/panel"
import { selected } from "@/parts/plan-words"
import { Lasted, Time } from "@/parts/time"
import { executionPath, incidentPath, runPath, schedulePath } from "@/shell/links"
import classes from "./doing.module.css"
import { Bar } from "./progress"
import { about, grouped, type Now } from "./words"

/** What runs now, each with how far it is. */
export function Running({ now }: { now: Now }) {
  const { running } = now
  const total = now.totals.running ?? running.length
  return (
    <Section
      title="Running"
      note={total > 0 ? `${grouped(total)} now` : undefined}
      actions={<Link to="/runs?state=live">All</Link>}
    >
      <Panel>
        <List empty="Nothing runs.">
          {running.map((each) => (
            <Item
              key={each.id}
              to={each.kind === "run" ? runPath(each.id) : executionPath(each.id)}
              name={selected(each.title)}
              note={each.automation ?? (each.kind === "run" ? each.partition : each.kind)}
            >
              {each.total > 0 ? (
                <>
                  <span className={classes.bar}>
                    <Bar
                      done={each.done}
                      total={each.total}
                      failed={each.failed}
                      label={`${each.done} of ${each.total}`}
                    />
                  </span>
                  <span className={classes.figure}>
                    {grouped(each.done)} of {grouped(each.total)}
                    {each.seconds_left ? ` · ${about(each.seconds_left)} left` : ""}
                  </span>
                </>
              ) : (
                <span className={classes.figure}>
                  {each.phase === "suspended" ? (
                    "waits for a person"
                  ) : (
                    <Lasted from={each.started_at} to={null} />
                  )}
                </span>
              )}
            </Item>
          ))}
        </List>
      </Panel>
    </Section>
  )
}

/** What waits and why, and what comes next. */
export function Next({ now }: { now: Now }) {
  const { waiting, next } = now
  return (
    <Section title="Next" note="and why it waits" actions={<Link to="/schedules">Schedules</Link>}>
      <Panel>
        <List empty="Nothing waits, and nothing is due soon.">
          {[
            ...waiting.map((each) => (
              <Item key={`run ${each.run}`} to={runPath(each.run)} name={each.title} note={each.pool}>
                <span className={classes.figure}>{each.why}</span>
              </Item>
            )),
            ...next.map((each) => (
              <Item
                key={`${each.schedule} ${each.at}`}
                to={schedulePath(each.schedule)}
                name={each.schedule}
                note={each.partitions.join(", ")}
              >
                <span className={classes.figure}>{each.held ? each.held : <Time at={each.at} />}</span>
              </Item>
            )),
          ]}
        </List>
      </Panel>
    </Section>
  )
}

/** What only a person can do: approvals, incidents that nobody has taken. */
export function Needs({ now }: { now: Now }) {
  if (now.people.length === 0) return null
  return (
    <Section title="Needs a person" note={grouped(now.people.length)}>
      <Panel>
        <List empty="">
          {now.people.map((each) => (
            <Item
              key={`${each.kind} ${each.id}`}
              to={each.kind === "incident" ? incidentPath(each.id) : runPath(each.run ?? each.id)}
              name={each.title}
              note={each.kind === "incident" ? "incident" : "asks for input"}
            >
              <span className={classes.figure}>
                <Time at={each.since} />
              </span>
            </Item>
          ))}
        </List>
      </Panel>
    </Section>
  )
}

function List({ empty, children }: { empty: string; children: ReactNode[] }) {
  return children.length === 0 ? (
    <p className={classes.empty}>{empty}</p>
  ) : (
    <ul className={classes.list}>{children}</ul>
  )
}

interface ItemProps {
  readonly to: string
  readonly name: string
  readonly note?: string | null
  readonly children: ReactNode
}

function Item({ to, name, note, children }: ItemProps) {
  return (
    <li>
      <Link to={to} className={classes.item}>
        <span className={classes.name} title={name}>
          {name}
          {note && <i>{note}</i>}
        </span>
        {children}
      </Link>
    </li>
  )
}
