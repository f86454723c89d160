import { Button, Switch } from "@mantine/core"
import { useInfiniteQuery } from "@tanstack/react-query"
import { useMemo, useState } from "react"
import { api, http, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Panel, Section } from "@/parts/panel"
import { StateMark, StateWord } from "@/parts/state-mark"
import { useMay } from "@/shell/door"
import { flag, useUrlState } from "@/shell/url-state"
import classes from "./asset.module.css"
import { CheckRow } from "./check-row"
import { ChecksDialog } from "./checks-dialog"
import type { Asset } from "./state"

const CHECKS = { failed: flag() }

/** So many of the latest versions are shown as marks beside a check. */
const MARKS = 40

/** The checks of an asset: how they stand, what they found lately, and what they found where. */
export default function Checks({ asset }: { asset: Asset }) {
  const [running, setRunning] = useState(false)
  const operator = useMay("operator")
  const versions = api.useQuery(
    "get",
    "/api/v1/assets/{key}/versions",
    { params: { path: { key: asset.key }, query: { limit: MARKS } } },
    { enabled: asset.checks.length > 0 },
  )
  if (asset.checks.length === 0)
    return (
      <Panel>
        <Empty title="It has no checks">
          A function under <code>@asset_check(asset={asset.key}, blocking=True)</code> is run on each new
          version; one that fails a blocking check never becomes current.
        </Empty>
      </Panel>
    )
  return (
    <>
      <Section
        title="Checks"
        actions={
          <Button
            variant="default"
            disabled={!operator}
            title={operator ? undefined : "Only operators may run checks."}
            onClick={() => setRunning(true)}
          >
            Run checks…
          </Button>
        }
      >
        <Panel>
          {asset.checks.map((check) => (
            <div key={check.name} className={classes.check}>
              <div>
                <strong>{check.name}</strong>{" "}
                <span className={classes.faint}>
                  {check.blocking ? "blocking: holds back what fails it" : `severity ${check.severity}`}
                </span>
                {check.description && <p className={classes.faint}>{check.description}</p>}
              </div>
              <Marks check={check.name} versions={versions.data?.items ?? []} />
            </div>
          ))}
        </Panel>
      </Section>
      <Results asset={asset} />
      {running && <ChecksDialog asset={asset} partitions="" onClose={() => setRunning(false)} />}
    </>
  )
}

/** What a check found on the latest versions, the newest at the right. */
function Marks({ check, versions }: { check: string; versions: readonly Schema["VersionDetail"][] }) {
  const found = versions
    .flatMap((version) => {
      const result = version.checks.find((each) => each.check === check)
      return result ? [{ version, result }] : []
    })
    .toReversed()
  if (found.length === 0) return <span className={classes.faint}>not run on the latest versions</span>
  const failed = found.filter((each) => !each.result.passed).length
  return (
    <span
      className={classes.marks}
      role="img"
      aria-label={`${found.length - failed} of the latest ${found.length} versions passed`}
    >
      {found.map(({ version, result }) => (
        <span
          key={version.version}
          title={`${version.version} ${version.partition ?? ""}: ${result.passed ? "passed" : "failed"} ${result.description}`}
        >
          <StateMark
            state={result.passed ? "passed" : result.serious ? "failed" : "warned"}
            size={9}
            label=""
          />
        </span>
      ))}
    </span>
  )
}

/** The latest result on each partition. */
function Results({ asset }: { asset: Asset }) {
  const [shown, set] = useUrlState(CHECKS)
  const pages = useInfiniteQuery({
    queryKey: [
      "get",
      "/api/v1/assets/{key}/checks",
      { params: { path: { key: asset.key }, query: { failed: shown.failed } } },
      "pages",
    ],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const { data } = await http.GET("/api/v1/assets/{key}/checks", {
        params: {
          path: { key: asset.key },
          query: { limit: 100, failed: shown.failed, ...(pageParam ? { cursor: pageParam } : {}) },
        },
        signal,
      })
      if (!data) throw new Error("The server sent no results.")
      return data
    },
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const rows = useMemo(() => pages.data?.pages.flatMap((each) => each.items) ?? [], [pages.data])
  return (
    <Section
      title="Latest results"
      note="of each check on each partition"
      actions={
        <Switch
          label="Only failed"
          checked={shown.failed}
          onChange={(event) => set({ failed: event.currentTarget.checked })}
        />
      }
    >
      <Panel>
        {pages.isPending ? (
          <Skeleton rows={6} />
        ) : pages.error && rows.length === 0 ? (
          <Refusal problem={asProblem(pages.error)} />
        ) : rows.length === 0 ? (
          <Empty title={shown.failed ? "Nothing failed" : "Nothing was checked yet"}>
            {shown.failed ? (
              <StateWord state="passed">All latest results passed.</StateWord>
            ) : (
              "Checks run with each new version, or by the button above."
            )}
          </Empty>
        ) : (
          rows.map((each) => <CheckRow key={`${each.partition} ${each.check}`} result={each} named />)
        )}
        {pages.hasNextPage && (
          <div className={classes.foot2}>
            <Button
              variant="subtle"
              loading={pages.isFetchingNextPage}
              onClick={() => void pages.fetchNextPage()}
            >
              Show more
            </Button>
          </div>
        )}
      </Panel>
    </Section>
  )
}
