/** What can be done with an asset: planned and applied in a drawer, or decided in a dialog. */
import type { Ask } from "@/parts/plan-words"
import { AcceptDialog } from "./accept-dialog"
import { ChecksDialog } from "./checks-dialog"
import { RollbackDialog } from "./rollback-dialog"
import { type Asset, selectOf } from "./state"

type ActId = "plan" | "materialize" | "accept" | "rollback" | "check"

export interface Act {
  readonly id: ActId
  readonly title: string
  readonly about: string
  readonly role: "operator" | "editor" | null
  readonly keys?: string
  /** What is planned; without it a dialog asks. */
  readonly ask?: (partitions: string) => Ask
}

/** What can be done with an asset, the most usual first. */
export function actsOf(asset: Asset): readonly Act[] {
  const select = selectOf(asset.key)
  const made = asset.step !== null
  const acts: (Act | false)[] = [
    {
      id: "plan",
      title: "Plan",
      about: "What would bring it to fresh, and what is above it, before anything runs.",
      role: null,
      keys: "p",
      // what is above it is planned too: weft's selections name what is wanted, not what that needs
      ask: (partitions) => ({ select: `+${select}`, ...(partitions ? { partitions } : {}) }),
    },
    made && {
      id: "materialize",
      title: "Materialize…",
      about: "Make exactly this asset, whatever its state, and nothing above it.",
      role: null,
      keys: "m",
      ask: (partitions) => ({ select, exact: true, ...(partitions ? { partitions } : {}) }),
    },
    {
      id: "accept",
      title: "Accept as it is…",
      about: "Take what is there as right: only later changes make it stale again.",
      role: "editor",
    },
    {
      id: "rollback",
      title: "Roll back…",
      about: "Point it to an earlier version.",
      role: "editor",
    },
    asset.checks.length > 0 && {
      id: "check",
      title: "Run checks…",
      about: "Run its checks alone, against the versions that are there.",
      role: "operator",
      keys: "c",
    },
  ]
  return acts.filter((each) => each !== false)
}

interface ActingProps {
  readonly asset: Asset
  readonly act: ActId
  readonly partitions: string
  readonly onClose: () => void
}

export function Acting({ asset, act, partitions, onClose }: ActingProps) {
  switch (act) {
    case "accept":
      return <AcceptDialog asset={asset} partitions={partitions} onClose={onClose} />
    case "rollback":
      return <RollbackDialog asset={asset} partitions={partitions} onClose={onClose} />
    case "check":
      return <ChecksDialog asset={asset} partitions={partitions} onClose={onClose} />
    default:
      return null
  }
}
