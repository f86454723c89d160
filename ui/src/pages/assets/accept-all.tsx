import { TextInput } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { useState } from "react"
import { api } from "@/api/client"
import { Dialog } from "@/pages/asset/dialog"
import classes from "./assets.module.css"

interface AcceptAllProps {
  readonly select: string
  readonly count: number
  readonly onClose: () => void
}

/** Take what is stale of several assets as it is, and say why. How much that is stands there first. */
export function AcceptAll({ select, count, onClose }: AcceptAllProps) {
  const [reason, setReason] = useState("")
  const found = api.useQuery("post", "/api/v1/plans/outline", {
    body: {
      select,
      partitions: null,
      exact: false,
      only_failed: false,
      keep_going: null,
      rebuild: false,
      repair: null,
    },
  })
  const accept = api.useMutation("post", "/api/v1/acceptances", {
    meta: { quiet: true },
    onSuccess: ({ items }) => {
      const said = items.length === 1 ? "One partition" : `${items.length.toLocaleString("en-GB")} partitions`
      notifications.show({ message: `${said} accepted.` })
      onClose()
    },
  })
  const assets = count === 1 ? "1 asset" : `${count.toLocaleString("en-GB")} assets`
  return (
    <Dialog
      title={`Accept ${assets}`}
      verb={`Accept ${assets}`}
      busy={accept.isPending}
      error={accept.error}
      disabled={reason.trim() === ""}
      onClose={onClose}
      onSubmit={() => accept.mutate({ body: { select, reason: reason.trim(), partitions: null } })}
    >
      <p className={classes.dim}>
        {found.data
          ? found.data.count === 0
            ? "A plan would run nothing for them now: accepting changes nothing."
            : `A plan would run ${found.data.count === 1 ? "1 step" : `${found.data.count.toLocaleString("en-GB")} steps`} for them now. What has data, and is stale or was rejected, is taken as it is: only later changes make it stale again. What was never made stays so.`
          : "Counting what a plan would run for them now."}
      </p>
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
