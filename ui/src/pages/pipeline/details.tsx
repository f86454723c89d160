import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import type { Schema } from "@/api/client"
import { scheduleWords } from "@/parts/cron-words"
import { resolve, typeWords } from "@/parts/launch/schema"
import { parametersOf } from "@/parts/launch/use-config"
import { shown } from "@/parts/launch/validate"
import { Panel, Section } from "@/parts/panel"
import { Time } from "@/parts/time"
import { assetPath, schedulePath } from "@/shell/links"
import { KIND_WORDS } from "../pipelines/columns"
import classes from "./pipeline.module.css"

interface DetailsProps {
  readonly detail: Schema["PipelineDetail"]
  readonly schedule: Schema["ScheduleView"] | undefined
}

/** What a pipeline is declared with. */
export function Details({ detail, schedule }: DetailsProps) {
  const { pipeline, steps } = detail
  const facts: ReadonlyArray<readonly [string, ReactNode]> = [
    ["Kind", KIND_WORDS[pipeline.kind] ?? pipeline.kind],
    ["Declared in", pipeline.location && <code>{pipeline.location}</code>],
    ["Owners", pipeline.owners.join(", ")],
    ["Tags", pipeline.tags.length > 0 && <Chips words={pipeline.tags} />],
    ["Tasks", steps.length || null],
    ["Reads", pipeline.inlets.length > 0 && <Assets keys={pipeline.inlets} />],
    ["Makes", pipeline.outlets.length > 0 && <Assets keys={pipeline.outlets} />],
    ["Intervals", pipeline.partitions],
  ]
  const ofSchedule: ReadonlyArray<readonly [string, ReactNode]> = [
    [
      "Schedule",
      pipeline.schedule === null ? (
        "none: it runs by hand"
      ) : (
        <>
          {schedule ? (
            <Link to={schedulePath(schedule.name)}>{scheduleWords(pipeline.schedule)}</Link>
          ) : (
            scheduleWords(pipeline.schedule)
          )}{" "}
          <code className={classes.faint}>{pipeline.schedule}</code>
        </>
      ),
    ],
    ["Zone", schedule?.timezone],
    ["Next", schedule && (schedule.paused ? "paused" : <Time at={schedule.next_at} />)],
    ["Catches up", pipeline.schedule !== null && (schedule?.catchup ?? (pipeline.catchup ? "all" : "none"))],
    ["Offset", schedule && schedule.offset_seconds > 0 && `${schedule.offset_seconds} s`],
    ["Spread", schedule && schedule.jitter_seconds > 0 && `up to ${schedule.jitter_seconds} s`],
    ["Not on", schedule && schedule.blackout.length > 0 && schedule.blackout.join(", ")],
  ]
  return (
    <>
      <Panel padded>
        <Facts facts={facts} />
      </Panel>
      <Section title="Schedule">
        <Panel padded>
          <Facts facts={ofSchedule} />
        </Panel>
      </Section>
      <Section title="Parameters">
        <Panel>
          <Params detail={detail} />
        </Panel>
      </Section>
    </>
  )
}

export function Facts({ facts }: { facts: ReadonlyArray<readonly [string, ReactNode]> }) {
  return (
    <dl className={classes.facts}>
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false)
        .flatMap(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}=`}>{value}</dd>])}
    </dl>
  )
}

function Chips({ words }: { words: readonly string[] }) {
  return (
    <span className={classes.chips}>
      {words.map((each) => (
        <span key={each}>{each}</span>
      ))}
    </span>
  )
}

export function Assets({ keys }: { keys: readonly string[] }) {
  return (
    <span className={classes.chips}>
      {keys.map((key) => (
        <Link key={key} to={assetPath(key)}>
          {key}
        </Link>
      ))}
    </span>
  )
}

function Params({ detail }: { detail: Schema["PipelineDetail"] }) {
  const { schema, definitions } = parametersOf(detail)
  const all = Object.entries(schema.properties ?? {})
  if (all.length === 0) return <p className={classes.none}>It has none.</p>
  return (
    <table className={classes.params}>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Type</th>
          <th scope="col">Default</th>
          <th scope="col">Description</th>
        </tr>
      </thead>
      <tbody>
        {all.map(([name, each]) => {
          const found = resolve(each, definitions)
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className={classes.dim}>{typeWords(each, definitions)}</td>
              <td>
                {schema.required?.includes(name) ? (
                  <span className={classes.required}>must be given</span>
                ) : found.default === undefined ? (
                  "–"
                ) : (
                  <code>{found.default === null ? "none" : shown(found.default)}</code>
                )}
              </td>
              <td className={classes.dim}>{found.description}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
