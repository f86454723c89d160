import { useState } from "react"
import { type Owner, useStripOf } from "@/parts/partition-owner"
import { PartitionStrip } from "@/parts/partition-strip"
import { written } from "@/parts/partition-strip-ranges"
import type { Window } from "@/parts/partition-strip-window"
import { usePicked } from "@/parts/use-picked"

interface RangeStripProps {
  readonly owner: Owner
  readonly text: string
  readonly onText: (text: string) => void
}

/** All that a backfill may be of, in one line: what is drawn on it becomes the text of the range. */
export function RangeStrip({ owner, text, onText }: RangeStripProps) {
  const strip = useStripOf(owner, {}, { strict: true }).data
  const picked = usePicked(owner, strip?.fingerprint, text, onText)
  const [window, setWindow] = useState<Window | null>(null)
  if (strip === undefined || strip.total === 0) return null
  return (
    <div>
      <PartitionStrip
        owner={owner}
        strip={strip}
        selection={picked.ranges}
        onSelect={(ranges) => picked.draw(written(ranges), ranges)}
        window={window}
        onWindow={setWindow}
      />
      {picked.problem && <p role="alert">{picked.problem.message}</p>}
    </div>
  )
}
