import { Button } from "@mantine/core"
import { useNavigate } from "@tanstack/react-router"
import { lazy, Suspense, useCallback, useMemo, useState } from "react"
import { api } from "@/api/client"
import { ClothPanel } from "@/cloth/cloth-panel"
import { openLaunch } from "@/parts/launch/state"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { type Command, useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { Page } from "@/shell/page"
import { Needs, Next, Running } from "./doing"
import doing from "./doing.module.css"
import { repairing } from "./repairs"
import { TroubleRow } from "./trouble-row"
import classes from "./troubles.module.css"
import { consequences, grouped, type Now, repairWords, type Trouble, title } from "./words"

const PlanDrawer = lazy(() => import("@/parts/plan-drawer").then((found) => ({ default: found.PlanDrawer })))

/** In place of a trouble's id: all that a plan mends. */
const ALL = "all"

/** What a plan is asked for: a selection with its partitions, and the trouble that it mends. */
interface Wanted {
  readonly select?: string
  readonly partitions?: string
  /** The trouble that it mends: the server makes its plan anew. */
  readonly repair?: string
}

/** *Now*: what is broken and why, what runs, what comes next; and the button that mends it. */
export default function NowPage() {
  const query = api.useQuery("get", "/api/v1/now")
  const [wanted, setWanted] = useState<Wanted | null>(null)
  const now = query.data
  const repair = useCallback((trouble: Trouble) => {
    // a run that no interval asks for has no plan: it is run again, with what it was given
    if (trouble.repair?.rerun) openLaunch({ rerunOf: trouble.repair.rerun, mode: "failed" })
    else setWanted({ repair: trouble.id })
  }, [])
  const several = (now?.troubles ?? []).filter((each) => each.repair && !each.repair.rerun).length > 1
  const may = useMay("operator")
  useRepairCommands(now, repair)
  return (
    <Page
      title={now && now.counts.broken > 0 ? `${now.counts.broken} broken` : "Now"}
      heading={now ? title(now.counts) : "Now"}
      sub={now && consequences(now.counts).join(" · ")}
      actions={
        several &&
        may && (
          <Button variant="default" onClick={() => setWanted({ repair: ALL })}>
            Repair all
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {(found) => (
          <>
            <Warnings health={found.health} />
            <Troubles now={found} onRepair={repair} />
            <Needs now={found} />
            <ClothPanel onPlan={setWanted} />
            <div className={doing.two}>
              <Running now={found} />
              <Next now={found} />
            </div>
          </>
        )}
      </Loaded>
      {wanted && (
        <Suspense>
          <PlanDrawer
            opened
            select={wanted.select}
            partitions={wanted.partitions}
            repair={wanted.repair}
            onClose={() => setWanted(null)}
            onApplied={(execution) => {
              const mended =
                wanted.repair === ALL ? (now?.troubles ?? []).map((each) => each.id) : [wanted.repair]
              for (const each of mended) if (each) repairing(each, execution.id)
              setWanted(null)
            }}
          />
        </Suspense>
      )}
    </Page>
  )
}

/** What keeps everything from going on, whatever is planned. */
function Warnings({ health }: { health: Now["health"] }) {
  const told: Array<readonly [what: string, remedy: string]> = []
  if (health.schedulers === 0)
    told.push(["No scheduler runs: nothing starts by itself.", "Start one: weft scheduler"])
  if (health.workers === 0) told.push(["No worker is there: runs wait.", "Start one: weft worker start"])
  if (health.pools_paused.length > 0)
    told.push([`Paused: ${health.pools_paused.join(", ")}.`, "Runs in it wait; Workers has the switch."])
  if (health.paused_count > 0)
    told.push([
      `${health.paused_count} ${health.paused_count === 1 ? "schedule or sensor is" : "schedules or sensors are"} paused.`,
      health.paused.slice(0, 4).join(", "),
    ])
  return told.map(([what, remedy]) => (
    <p key={what} className={classes.warning} role="status">
      <StateMark state="stale" label="Warning" />
      {what} <span>{remedy}</span>
    </p>
  ))
}

function Troubles({ now, onRepair }: { now: Now; onRepair: (trouble: Trouble) => void }) {
  const left = (now.totals.troubles ?? 0) - now.troubles.length
  if (now.troubles.length === 0)
    return (
      <Panel>
        <p className={classes.calm}>
          <StateMark state="fresh" size={16} label="" />
          <span>
            <b>Nothing is broken, late or stale.</b> What goes wrong appears here by its root cause, with the
            button that mends it.
          </span>
        </p>
      </Panel>
    )
  return (
    <Panel>
      <ul className={classes.list} aria-label="What is wrong, by root cause">
        {now.troubles.map((trouble, at) => (
          <TroubleRow key={trouble.id} trouble={trouble} first={at === 0} onRepair={onRepair} />
        ))}
      </ul>
      {left > 0 && (
        <p className={classes.calm}>and {grouped(left)} more root causes, less urgent than these.</p>
      )}
    </Panel>
  )
}

/** `1` to `9` open the repair of a trouble; each is in the palette too. */
function useRepairCommands(now: Now | undefined, repair: (trouble: Trouble) => void): void {
  const navigate = useNavigate()
  const commands = useMemo<Command[]>(
    () => [
      ...(now?.troubles ?? []).slice(0, 9).flatMap((trouble, at): Command[] =>
        trouble.repair
          ? [
              {
                id: `repair:${at}`,
                title: `Repair ${trouble.root.key} (${repairWords(trouble.repair)})`,
                group: "Now",
                keys: String(at + 1),
                run: () => repair(trouble),
              },
            ]
          : [],
      ),
      {
        id: "plan-all",
        title: "Plan everything",
        group: "Now",
        keys: "p",
        run: () => void navigate({ to: "/plan" }),
      },
    ],
    [now, repair, navigate],
  )
  useCommands(commands)
}
