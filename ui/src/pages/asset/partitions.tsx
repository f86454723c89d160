import { Button, SegmentedControl } from "@mantine/core"
import { useCallback, useState } from "react"
import { api } from "@/api/client"
import { Skeleton } from "@/parts/empty"
import { HeatMap } from "@/parts/heat-map"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { PartitionSelection } from "@/parts/partition-selection"
import { PartitionStrip } from "@/parts/partition-strip"
import { written } from "@/parts/partition-strip-ranges"
import { type Picked, usePicked } from "@/parts/use-picked"
import { useMay } from "@/shell/door"
import { useUrlState } from "@/shell/url-state"
import { type Act, actsOf } from "./acting"
import classes from "./asset.module.css"
import { DynamicKeys } from "./dynamic-keys"
import { Keys } from "./keys"
import { Legend } from "./legend"
import { PartitionDrawer } from "./partition-drawer"
import { type Asset, FIELDS } from "./state"

interface PartitionsProps {
  readonly asset: Asset
  readonly onAct: (act: Act, partitions: string) => void
}

/** All partitions: select some by drag, keys or text, see how they stand, and act on exactly these. */
export default function Partitions({ asset, onAct }: PartitionsProps) {
  const [shown, set] = useUrlState(FIELDS)
  const query = api.useQuery("get", "/api/v1/assets/{key}/partitions", {
    params: { path: { key: asset.key } },
  })
  const setText = useCallback((partitions: string) => set({ partitions }), [set])
  const owner = { kind: "asset", name: asset.key } as const
  const picked = usePicked(owner, query.data?.fingerprint, shown.partitions, setText)
  const dimensions = asset.partitions?.includes(" by ") ?? false
  const [view, setView] = useState<"grid" | "strip">(dimensions ? "grid" : "strip")
  const open = useOpen(asset.key, (partition) => set({ partition }, { push: true }))
  const pressed = (status: string) =>
    set({
      status: shown.status.includes(status)
        ? shown.status.filter((each) => each !== status)
        : [...shown.status, status],
    })
  return (
    <>
      <Panel>
        <div className={classes.stripBox}>
          <Loaded query={query} skeleton={<Skeleton rows={3} />}>
            {(strip) => (
              <>
                {view === "grid" ? (
                  <HeatMap
                    assetKey={asset.key}
                    selection={picked.ranges}
                    onDraw={(piece, ranges, adds) =>
                      picked.draw(piece ? [piece] : [], adds ? [...picked.ranges, ...ranges] : ranges, adds)
                    }
                    lit={shown.status}
                    window={shown.from >= 0 ? { start: shown.from, stop: shown.to } : null}
                    onWindow={(window) => set({ from: window?.start ?? -1, to: window?.stop ?? -1 })}
                    onOpen={open}
                  />
                ) : (
                  <PartitionStrip
                    owner={owner}
                    strip={strip}
                    selection={picked.ranges}
                    onSelect={(ranges) => picked.draw(written(ranges), ranges)}
                    lit={shown.status}
                    window={shown.from >= 0 ? { start: shown.from, stop: shown.to } : null}
                    onWindow={(window) => set({ from: window?.start ?? -1, to: window?.stop ?? -1 })}
                    onOpen={open}
                  />
                )}
                <div className={classes.below}>
                  <Legend counts={strip.counts} pressed={shown.status} onPress={pressed} />
                  <span className={classes.row}>
                    <span className={classes.hint}>
                      drag selects · Shift adds · Ctrl and wheel zooms · double click opens
                    </span>
                    {dimensions && (
                      <SegmentedControl
                        value={view}
                        onChange={(next) => {
                          // columns of a grid are no ordinals of a strip
                          set({ from: -1, to: -1 })
                          setView(next as "grid" | "strip")
                        }}
                        data={[
                          { value: "grid", label: "Grid" },
                          { value: "strip", label: "Strip" },
                        ]}
                        aria-label="How partitions are drawn"
                      />
                    )}
                  </span>
                </div>
              </>
            )}
          </Loaded>
        </div>
      </Panel>
      <Selection asset={asset} picked={picked} status={shown.status} onAct={onAct} />
      <Section
        title={picked.text && !picked.problem ? "Selected" : "All partitions"}
        note={shown.status.length > 0 ? `only those that are ${shown.status.join(" or ")}` : undefined}
        actions={asset.dynamic.length > 0 && <DynamicKeys names={asset.dynamic} />}
      >
        <Keys
          asset={asset}
          partitions={picked.problem ? "" : picked.text}
          status={shown.status}
          selected={shown.partition}
          onOpen={(partition) => set({ partition }, { push: true })}
        />
      </Section>
      {shown.partition && (
        <PartitionDrawer
          asset={asset}
          partition={shown.partition}
          onAct={onAct}
          onClose={() => set({ partition: "" })}
        />
      )}
    </>
  )
}

/** Open the partition of an ordinal: the drawer goes by keys. */
function useOpen(key: string, onKey: (partition: string) => void) {
  const [ordinal, setOrdinal] = useState<number | null>(null)
  api.useQuery(
    "get",
    "/api/v1/assets/{key}/partition-keys",
    { params: { path: { key }, query: { start: ordinal ?? 0, limit: 1 } } },
    {
      enabled: ordinal !== null,
      placeholderData: undefined,
      select: (page) => {
        const [one] = page.items
        if (one && one.ordinal === ordinal) {
          queueMicrotask(() => {
            setOrdinal(null)
            onKey(one.key)
          })
        }
        return page
      },
    },
  )
  return setOrdinal
}

interface SelectionProps {
  readonly asset: Asset
  readonly picked: Picked
  readonly status: readonly string[]
  readonly onAct: (act: Act, partitions: string) => void
}

/** What is selected, and what can be done with exactly that. */
function Selection({ asset, picked, status, onAct }: SelectionProps) {
  const operator = useMay("operator")
  const editor = useMay("editor")
  return (
    <PartitionSelection
      picked={picked}
      word="partition"
      status={status}
      example="2024-01-01..2024-01-31"
      hint="Select partitions to plan, materialize or accept exactly these."
    >
      {picked.text !== "" &&
        actsOf(asset).map((act) => {
          const may = act.role === null || (act.role === "editor" ? editor : operator)
          return (
            <Button
              key={act.id}
              variant={act.id === "plan" ? "filled" : "default"}
              disabled={!may || picked.problem !== null}
              title={may ? act.about : `Asks for the role ${act.role}.`}
              onClick={() => onAct(act, picked.text)}
            >
              {act.title}
            </Button>
          )
        })}
    </PartitionSelection>
  )
}
