import { Button, Switch } from "@mantine/core"
import { useMemo } from "react"
import { Executions } from "@/parts/plan-executions"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { Page } from "@/shell/page"
import { flag, text, useUrlState } from "@/shell/url-state"
import { NewBackfill } from "./new-backfill"

const FIELDS = { live: flag(), new: flag(), name: text(), partitions: text() }

/** Many intervals of a pipeline, or many partitions of an asset, run one after another: how far each is. */
export default function BackfillsPage() {
  const [values, set] = useUrlState(FIELDS)
  const may = useMay("operator")
  const commands = useMemo(
    () => [
      {
        id: "backfills:new",
        title: "New backfill",
        group: "This page",
        keys: "n",
        run: () => set({ new: true }),
      },
      {
        id: "backfills:live",
        title: "Only those that go on",
        group: "This page",
        run: () => set({ live: !values.live }),
      },
    ],
    [set, values.live],
  )
  useCommands(commands)
  return (
    <Page
      title="Backfills"
      actions={
        <>
          <Switch
            label="Only those that go on"
            checked={values.live}
            onChange={(event) => set({ live: event.currentTarget.checked })}
          />
          <Button size="sm" onClick={() => set({ new: true })} disabled={!may}>
            New backfill
          </Button>
        </>
      }
    >
      <Executions kinds={BACKFILLS} live={values.live} />
      {values.new && (
        <NewBackfill
          name={values.name}
          partitions={values.partitions}
          onClose={() => set({ new: false, name: "", partitions: "" })}
        />
      )}
    </Page>
  )
}

const BACKFILLS = ["backfill"]
