import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { http } from "@/api/client"
import { assetPath, pipelinePath } from "@/shell/links"
import { stateOf } from "@/theme/states"
import classes from "./execution-heat.module.css"
import { drawn, HEAT, type HeatLine, heatSays, segmentSays, stretchesOfLine } from "./execution-heat-model"
import { Loaded } from "./loaded"
import { Panel, Section } from "./panel"
import { MiniStrip } from "./partition-strip-mini"

const PATH = "/api/v1/executions/{id}/partitions"

/** How the partitions of an execution stand in it; once it has ended that never changes again. */
function useHeat(id: string, ended: boolean) {
  return useQuery({
    // as the queries of the API are named, so that what changes makes it ask again
    queryKey: ["get", PATH, { params: { path: { id } } }, ended ? "ended" : "live"],
    queryFn: async ({ signal }) => (await http.GET(PATH, { params: { path: { id } }, signal })).data,
    enabled: ({ state }) => !ended || state.data === undefined,
    placeholderData: (before) => before,
  })
}

interface HeatProps {
  readonly id: string
  readonly ended: boolean
  /** What it is of, for those who don't see it. */
  readonly of: string
}

/** So many lines of an execution are drawn in a list. */
const FEW = 3

/** An execution in a list: a thin strip for each of its lines, by how the partitions stand in it. */
export function ExecutionHeat({ id, ended, of }: HeatProps) {
  const lines = drawn(useHeat(id, ended).data?.rows ?? [], FEW)
  return (
    <span className={classes.few}>
      {lines.map((line) => (
        <span key={line.name} title={`${line.name}: ${heatSays(line.counts)}`}>
          <MiniStrip
            stretches={stretchesOfLine(line)}
            start={0}
            stop={line.total}
            height={lines.length > 1 ? 6 : 10}
            columns={160}
            label={`${of}, ${line.name}: ${heatSays(line.counts)}`}
          />
        </span>
      ))}
    </span>
  )
}

/** An execution on its page: each line with its partitions, which are told under the pointer and listed for readers. */
export function ExecutionPartitions({ id, ended }: Omit<HeatProps, "of">) {
  const query = useHeat(id, ended)
  if (query.data !== undefined && !query.data.rows.some(worthDrawing)) return null
  return (
    <Section title="Partitions" note="how each stands in this execution">
      <Panel padded>
        <Loaded query={query}>
          {(found) => (
            <>
              <div role="list" aria-label="Partitions by line" className={classes.lines}>
                {drawn(found.rows).map((line) => (
                  <Line key={line.name} line={line} />
                ))}
              </div>
              <Legend lines={found.rows} />
            </>
          )}
        </Loaded>
      </Panel>
    </Section>
  )
}

const worthDrawing = ({ total, segments }: HeatLine) => total > 1 && segments.length > 0

function Line({ line }: { line: HeatLine }) {
  const first = line.segments[0]?.first_key ?? null
  const last = line.segments.at(-1)?.last_key ?? null
  const range = first === null ? "" : first === last ? first : `${first}..${last}`
  const path =
    line.kind === "pipeline"
      ? pipelinePath(line.name, { tab: "intervals" })
      : line.kind === "asset"
        ? assetPath(line.name, { tab: "partitions" })
        : null
  return (
    <div role="listitem" className={classes.line}>
      <span className={classes.name}>{path ? <Link to={path}>{line.name}</Link> : line.name}</span>
      <span className={classes.strip}>
        <svg
          width="100%"
          height={20}
          viewBox={`0 0 ${line.total} 1`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${line.name}: ${heatSays(line.counts)}`}
        >
          {line.segments.map((each) => (
            <rect
              key={each.start}
              className={classes.segment}
              x={each.start}
              width={each.stop - each.start}
              height={1}
              fill={fillOf(each.state)}
            >
              <title>{segmentSays(each)}</title>
            </rect>
          ))}
        </svg>
        {range !== "" && (
          <span className={classes.ends}>
            <span>{first}</span>
            <span>{first === last ? "" : last}</span>
          </span>
        )}
      </span>
      <span className={classes.says}>{heatSays(line.counts)}</span>
    </div>
  )
}

type State = keyof typeof HEAT

function fillOf(state: State): string {
  const { family } = stateOf(HEAT[state].status)
  const pale = family === "fresh" || family === "missing"
  return `var(--${family}${pale ? "-soft" : ""})`
}

function Legend({ lines }: { lines: readonly HeatLine[] }) {
  const states = (Object.keys(HEAT) as State[]).filter((state) => lines.some((line) => line.counts[state]))
  return (
    <p className={classes.legend}>
      {states.map((state) => (
        <span key={state}>
          <i style={{ background: fillOf(state) }} /> {HEAT[state].label}
        </span>
      ))}
    </p>
  )
}
