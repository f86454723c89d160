import { notifications } from "@mantine/notifications"
import { useState } from "react"
import { api } from "@/api/client"
import classes from "./asset.module.css"
import { Dialog, PartitionsField } from "./dialog"
import { type Asset, selectOf } from "./state"

interface ChecksProps {
  readonly asset: Asset
  readonly partitions: string
  readonly onClose: () => void
}

/** Run the checks of an asset alone. */
export function ChecksDialog({ asset, partitions, onClose }: ChecksProps) {
  const [chosen, setChosen] = useState(partitions)
  const run = api.useMutation("post", "/api/v1/checks", {
    meta: { quiet: true },
    onSuccess: ({ items }) => {
      const waits = items.find((each) => each.waits_for)?.waits_for
      notifications.show({
        title: `The checks of ${asset.key} run`,
        message: waits ? `They wait for ${waits}.` : "What they find appears under Checks.",
      })
      onClose()
    },
  })
  return (
    <Dialog
      title={`Run the checks of ${asset.key}`}
      verb={asset.checks.length === 1 ? "Run the check" : `Run ${asset.checks.length} checks`}
      busy={run.isPending}
      error={run.error}
      onClose={onClose}
      onSubmit={() =>
        run.mutate({ body: { selection: selectOf(asset.key), partitions: chosen.trim() || null, wait: 0 } })
      }
    >
      <p className={classes.faint}>
        {asset.checks.map((each) => each.name).join(", ")}: run against the latest versions, nothing is made.
        A version that a blocking check rejected becomes current if it passes now.
      </p>
      {asset.partitions !== null && <PartitionsField value={chosen} onChange={setChosen} />}
    </Dialog>
  )
}
