import { TextInput } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { useState } from "react"
import { api } from "@/api/client"
import classes from "./asset.module.css"
import { Dialog, PartitionsField } from "./dialog"
import type { Asset } from "./state"

interface AcceptProps {
  readonly asset: Asset
  readonly partitions: string
  readonly onClose: () => void
}

/** Take an asset as it is, and say why. */
export function AcceptDialog({ asset, partitions, onClose }: AcceptProps) {
  const [chosen, setChosen] = useState(partitions)
  const [reason, setReason] = useState("")
  const accept = api.useMutation("post", "/api/v1/assets/{key}/accept", {
    meta: { quiet: true },
    onSuccess: ({ items }) => {
      notifications.show({ message: `${asset.key}: ${counted(items.length)} accepted as they are.` })
      onClose()
    },
  })
  return (
    <Dialog
      title={`Accept ${asset.key} as it is`}
      verb="Accept"
      busy={accept.isPending}
      error={accept.error}
      disabled={reason.trim() === ""}
      onClose={onClose}
      onSubmit={() =>
        accept.mutate({
          params: { path: { key: asset.key } },
          body: { reason: reason.trim(), partitions: chosen.trim() || null },
        })
      }
    >
      <p className={classes.faint}>
        What speaks against them now no longer counts: a changed input or code, a check that failed. Only
        later changes make them stale again. Who accepted it and why is kept.
      </p>
      {asset.partitions !== null && <PartitionsField value={chosen} onChange={setChosen} />}
      <TextInput
        label="Why"
        mt="sm"
        required
        data-autofocus
        value={reason}
        placeholder="The vendor confirmed the figures"
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </Dialog>
  )
}

export function counted(count: number): string {
  return count === 1 ? "one partition" : `${count.toLocaleString("en-GB")} partitions`
}
