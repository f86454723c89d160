import { Select } from "@mantine/core"
import { useMemo } from "react"
import type { Schema } from "@/api/client"
import { useRows } from "@/api/pages"
import { bytes } from "@/parts/bytes"
import { duration } from "@/parts/clock"
import { Empty } from "@/parts/empty"
import { shortName } from "@/parts/gantt/model"
import { Loaded } from "@/parts/loaded"
import { LogView } from "@/parts/log-view"
import { stateOf } from "@/theme/states"
import { chosenOf } from "./chosen-log"
import { isLive, type TabProps } from "./state"
import { useAttempts } from "./use-attempts"

type Attempt = Schema["LogView"]

/** The output of the run: what it writes now, or that of one attempt. */
export default function LogsTab({ run, state, set }: TabProps) {
  const query = useAttempts(run.id, state.partition)
  const { rows } = useRows<Attempt>(query)
  const live = isLive(run)
  const logs = useMemo(() => rows.filter((each) => each.log !== null), [rows])
  const chosen = chosenOf(logs, state.log, live)
  const options = useMemo(
    () => [
      ...(live ? [{ value: "live", label: "All that is written now, live" }] : []),
      ...logs.map((each) => ({ value: each.log ?? "", label: nameOf(each) })),
    ],
    [logs, live],
  )
  return (
    <Loaded query={query}>
      {() =>
        chosen === null ? (
          <Empty title="Nothing was written.">
            What a step prints or logs is kept for each attempt; none of those of this run wrote a line.
          </Empty>
        ) : (
          <LogView
            run={run.id}
            log={chosen === "live" ? null : chosen.log}
            size={chosen === "live" ? 0 : chosen.size}
            began={chosen === "live" ? run.started_at : chosen.at}
            label={chosen === "live" ? "What the run writes" : `Log of ${nameOf(chosen)}`}
            state={state}
            onState={set}
            chooser={
              <Select
                aria-label="Attempt"
                data={options}
                value={chosen === "live" ? "live" : chosen.log}
                onChange={(log) => set({ log: log ?? "", line: "", find: "", only: false })}
                allowDeselect={false}
                searchable
                w={300}
                maxDropdownHeight={420}
                limit={200}
                nothingFoundMessage="No attempt is called like that"
              />
            }
          />
        )
      }
    </Loaded>
  )
}

function nameOf(attempt: Attempt): string {
  const place = attempt.item || attempt.partition
  return [
    `${shortName(attempt.step)}${place ? ` [${place}]` : ""}`,
    `${attempt.attempt > 1 || attempt.outcome !== "succeeded" ? `attempt ${attempt.attempt}, ` : ""}${stateOf(attempt.outcome).label}`,
    duration(attempt.seconds),
    bytes(attempt.size),
  ].join(" · ")
}
