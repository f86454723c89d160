import { Button, Switch } from "@mantine/core"
import { useMemo } from "react"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { Page } from "@/shell/page"
import { flag, text, useUrlState } from "@/shell/url-state"
import { BackfillList } from "./list"
import { NewBackfill } from "./new-backfill"

const FIELDS = { live: flag(), new: flag(), name: text(), partitions: text() }

/** All that fills a selection of partitions, of pipelines and of assets, however it was asked for: how far each is. */
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
      <BackfillList live={values.live} />
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
