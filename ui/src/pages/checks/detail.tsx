import { Button, Drawer, SegmentedControl } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { api, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { Loaded } from "@/parts/loaded"
import { MetadataValues } from "@/parts/metadata-values"
import { StateMark, StateWord } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { assetPath, runPath } from "@/shell/links"
import classes from "./checks.module.css"
import { failingWords, markOf, WEIGHTS, weightOf } from "./words"

interface DrawerProps {
  readonly asset: string
  readonly check: string
  /** Its line in the list, if that is loaded. */
  readonly known: Schema["CheckView"] | undefined
  /** Runs the checks of an asset; null where one may not. */
  readonly run: ((asset: string) => void) | null
  readonly onClose: () => void
}

/** One check: what it is for, and the newest result on each partition, those that fail first. */
export function CheckDrawer({ asset, check, known, run, onClose }: DrawerProps) {
  const [only, setOnly] = useState<"failed" | "all" | null>(null)
  const failed = (only ?? (known?.failed === 0 ? "all" : "failed")) === "failed"
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/assets/{key}/checks",
    { params: { path: { key: asset }, query: { check, failed, limit: 100 } } },
    paging,
  )
  const { rows, more } = useRows(query)
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={check}>
      <p className={classes.about}>
        {known?.description && <>{known.description} </>}
        Of <Link to={assetPath(asset, { tab: "checks" })}>{asset}</Link>.
        {known && ` ${WEIGHTS[weightOf(known)]}`}
      </p>
      {known && (
        <StateWord state={markOf(known)}>
          {known.results === 0 ? "never run" : `fails on ${failingWords(known)}`}
        </StateWord>
      )}
      <div className={classes.head}>
        <SegmentedControl
          aria-label="Which results"
          value={failed ? "failed" : "all"}
          onChange={(value) => setOnly(value as "failed" | "all")}
          data={[
            { value: "failed", label: "That fail" },
            { value: "all", label: "All results" },
          ]}
        />
        {run && (
          <Button variant="default" onClick={() => run(asset)}>
            Run the checks of {asset}
          </Button>
        )}
      </div>
      <div className={classes.results}>
        <Loaded query={query}>
          {() =>
            rows.length === 0 ? (
              <p className={classes.result}>{failed ? "Nothing fails it." : "It has not run yet."}</p>
            ) : (
              rows.map((row) => <Result key={`${row.partition}`} row={row} />)
            )
          }
        </Loaded>
      </div>
      {more && (
        <p className={classes.foot}>
          <Button variant="default" onClick={more}>
            More
          </Button>
        </p>
      )}
    </Drawer>
  )
}

function Result({ row }: { row: Schema["CheckResultView"] }) {
  const state = row.passed ? "passed" : row.severity === "warn" && !row.blocking ? "warned" : "failed"
  const values: ReadonlyArray<readonly [string, unknown]> = Object.entries(row.metadata)
  const small = values.filter(([, value]) => isSmall(value))
  const large = values.filter(([, value]) => !isSmall(value))
  return (
    <div className={classes.result}>
      <StateMark state={state} />
      <span>
        {row.partition ? (
          <Link to={assetPath(row.asset, { partition: row.partition })}>{row.partition}</Link>
        ) : (
          "the whole asset"
        )}
        {row.description && <span className={classes.dim}> {row.description}</span>}
        {small.map(([name, value]) => (
          <span key={name} className={classes.value}>
            {name} <b>{typeof value === "number" ? value.toLocaleString("en-GB") : String(value)}</b>
          </span>
        ))}
      </span>
      <span className={classes.dim}>
        {row.run && (
          <>
            <Link to={runPath(row.run)} className="mono">
              {row.run.slice(0, 8)}
            </Link>{" "}
          </>
        )}
        <Time at={row.at} />
      </span>
      {large.length > 0 && <MetadataValues metadata={Object.fromEntries(large)} />}
    </div>
  )
}

/** Whether a value stands in the line of its result rather than below it. */
function isSmall(value: unknown): boolean {
  return (
    typeof value === "number" ||
    typeof value === "boolean" ||
    (typeof value === "string" && value.length < 40)
  )
}
