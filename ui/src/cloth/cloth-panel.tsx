import { ActionIcon, Button, SegmentedControl } from "@mantine/core"
import { ChevronLeft, ChevronRight, ZoomIn, ZoomOut } from "lucide-react"
import { useMemo, useState } from "react"
import { api } from "@/api/client"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { moment, oneOf, text, useUrlState } from "@/shell/url-state"
import { stateOf } from "@/theme/states"
import { clothOf, selectionOf } from "./answer"
import classes from "./cloth.module.css"
import { ClothCanvas } from "./cloth-canvas"
import { ClothTable } from "./cloth-table"
import { statesIn } from "./lines"
import type { Cloth } from "./types"
import { moved, spanWords, zoomed } from "./window"

const fields = {
  since: moment(),
  until: moment(),
  select: text(),
  folded: text(),
  rows: oneOf(["names", "threads"], "names"),
  as: oneOf(["cloth", "table"], "cloth"),
}

/** About as many pixels a column as make a stitch that can be pointed at. */
const COLUMN = 13
/** Most threads that are asked for at once. */
const MOST = 5000

interface PanelProps {
  readonly onPlan: (wanted: { select: string; partitions?: string }) => void
}

/** *The cloth*: every asset and pipeline a thread, time across, so that a tear and what it tore stand in one column. */
export function ClothPanel({ onPlan }: PanelProps) {
  const [view, setView] = useUrlState(fields)
  const [only, setOnly] = useState<string | null>(null)
  const [width, setWidth] = useState(0)
  const columns = Math.max(20, Math.min(1000, Math.floor((width || 900) / COLUMN)))
  const query = api.useQuery("get", "/api/v1/cloth", {
    params: {
      query: {
        columns,
        limit: MOST,
        ...(view.since && view.until
          ? { since: new Date(view.since).toISOString(), until: new Date(view.until).toISOString() }
          : {}),
        ...(view.select ? { select: view.select } : {}),
      },
    },
  })
  const cloth = useMemo(() => (query.data ? clothOf(query.data) : null), [query.data])
  const folded = useMemo(() => new Set(view.folded ? view.folded.split(",") : []), [view.folded])
  const go = (span: { since: number; until: number }) => setView(span)
  return (
    <Section
      title="The cloth"
      note={
        cloth
          ? `assets down, time across: ${spanWords(cloth.since, cloth.until)}`
          : "assets down, time across"
      }
      actions={
        cloth && (
          <>
            <ActionIcon size="sm" onClick={() => go(moved(cloth, -0.5))} aria-label="Earlier">
              <ChevronLeft size={15} />
            </ActionIcon>
            <ActionIcon size="sm" onClick={() => go(moved(cloth, 0.5))} aria-label="Later">
              <ChevronRight size={15} />
            </ActionIcon>
            <ActionIcon
              size="sm"
              className={classes.wide}
              onClick={() => go(zoomed(cloth, 0.5, 1))}
              aria-label="Show less time"
            >
              <ZoomIn size={15} />
            </ActionIcon>
            <ActionIcon size="sm" onClick={() => go(zoomed(cloth, 2, 1))} aria-label="Show more time">
              <ZoomOut size={15} />
            </ActionIcon>
            {view.since !== 0 && (
              <Button variant="subtle" size="compact-xs" onClick={() => setView({ since: 0, until: 0 })}>
                Back to the newest
              </Button>
            )}
            <SegmentedControl
              size="xs"
              aria-label="Rows"
              value={view.as === "table" ? "table" : view.rows}
              onChange={(value) =>
                setView(value === "table" ? { as: "table" } : { as: "cloth", rows: value as "names" })
              }
              data={[
                { value: "names", label: "Rows" },
                { value: "threads", label: "Threads" },
                { value: "table", label: "Table" },
              ]}
            />
          </>
        )
      }
    >
      <Panel>
        <Loaded query={query}>
          {() =>
            cloth === null || cloth.threads.length === 0 ? (
              <p className={classes.none}>
                No thread yet: an asset that was made, or a pipeline that ran, is one.
              </p>
            ) : (
              <>
                {view.as === "table" ? (
                  <ClothTable cloth={cloth} />
                ) : (
                  <ClothCanvas
                    cloth={cloth}
                    folded={folded}
                    dense={view.rows === "threads"}
                    only={only}
                    onWidth={setWidth}
                    onSpan={go}
                    onFold={(group) => setView({ folded: toggled(folded, group) })}
                    onPlan={(patch, lines) => void selectionOf(cloth, patch, lines).then(onPlan)}
                  />
                )}
                <Legend cloth={cloth} onOnly={setOnly} />
              </>
            )
          }
        </Loaded>
      </Panel>
    </Section>
  )
}

function toggled(folded: ReadonlySet<string>, group: string): string {
  const next = new Set(folded)
  if (!next.delete(group)) next.add(group)
  return [...next].join(",")
}

function Legend({ cloth, onOnly }: { cloth: Cloth; onOnly: (state: string | null) => void }) {
  const states = useMemo(() => statesIn(cloth.threads), [cloth])
  return (
    <div className={classes.legend}>
      {states.map((state) => (
        <button
          type="button"
          key={state}
          onMouseEnter={() => onOnly(state)}
          onMouseLeave={() => onOnly(null)}
          onFocus={() => onOnly(state)}
          onBlur={() => onOnly(null)}
        >
          <StateMark state={state} size={10} label="" />
          {stateOf(state).label}
        </button>
      ))}
      <span className={classes.hint}>drag to select, ↵ to plan · wheel with Ctrl to zoom</span>
    </div>
  )
}
