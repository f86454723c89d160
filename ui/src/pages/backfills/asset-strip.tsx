import { useState } from "react"
import { usePicked } from "@/pages/asset/use-picked"
import { useStrip } from "@/parts/launch/partition-field"
import { PartitionStrip } from "@/parts/partition-strip"
import type { Window } from "@/parts/partition-strip-window"

interface AssetStripProps {
  readonly name: string
  readonly text: string
  readonly onText: (text: string) => void
}

/** All partitions of an asset in one line: what is drawn on it becomes the text of the range. */
export function AssetStrip({ name, text, onText }: AssetStripProps) {
  const strip = useStrip({ kind: "asset", name }, null).data
  const picked = usePicked(name, strip?.fingerprint, text, onText)
  const [window, setWindow] = useState<Window | null>(null)
  if (strip === undefined || strip.total === 0) return null
  return (
    <div>
      <PartitionStrip
        assetKey={name}
        strip={strip}
        selection={picked.ranges}
        onSelect={(ranges) => {
          if (ranges.length === 0) onText("")
          else
            picked.draw(
              ranges.map(([start, stop]) => `${start}-${stop - 1}`),
              ranges,
            )
        }}
        window={window}
        onWindow={setWindow}
      />
      {picked.problem && <p role="alert">{picked.problem.message}</p>}
    </div>
  )
}
