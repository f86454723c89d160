/**
 * Numbers over time or over partitions. uPlot draws it; it is loaded by the first plot that is shown. Every point is
 * drawn: where there are too many to tell apart the line is the picture, and nothing is left out.
 */
import { useEffect, useRef } from "react"
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import { onPalette, palette } from "@/canvas/palette"
import { absolute, useClock, zoneName } from "./clock"
import classes from "./series-plot.module.css"
import { numberWords, timeWords } from "./series-plot-data"

interface SeriesPlotProps {
  readonly label: string
  /** Milliseconds since the epoch, or places 0, 1, 2… where `names` says what they are; in order. */
  readonly x: readonly number[]
  readonly y: ReadonlyArray<number | null>
  readonly names?: readonly string[]
  readonly height?: number
  readonly onOpen?: (place: number) => void
}

export default function SeriesPlot({ label, x, y, names, height = 150, onOpen }: SeriesPlotProps) {
  const box = useRef<HTMLDivElement>(null)
  const tip = useRef<HTMLDivElement>(null)
  const open = useRef(onOpen)
  open.current = onOpen
  const zone = useClock((clock) => clock.zone)
  useEffect(() => {
    const place = box.current
    if (!place) return undefined
    let plot: uPlot | null = null
    const told = (index: number | null | undefined) => {
      const text = tip.current
      if (!text) return
      const value = index === null || index === undefined ? undefined : y[index]
      if (index === null || index === undefined || value === null || value === undefined) {
        text.textContent = ""
        return
      }
      const where = names ? (names[index] ?? "") : absolute(new Date(x[index] ?? 0), zone, "minute")
      text.textContent = `${where}: ${numberWords(value)}`
    }
    const make = () => {
      plot?.destroy()
      const colours = palette()
      const axis: uPlot.Axis = {
        stroke: colours("faint"),
        font: `11px ${colours("font")}`,
        grid: { stroke: colours("line"), width: 1 },
        ticks: { show: false },
      }
      plot = new uPlot(
        {
          width: place.clientWidth,
          height,
          padding: [8, 12, 0, 0],
          legend: { show: false },
          cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
          scales: { x: { time: !names } },
          tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zoneName(zone)),
          series: [
            {},
            {
              label,
              stroke: colours("accent"),
              width: 1.5,
              points: { show: x.length < 250, size: 5, fill: colours("panel"), stroke: colours("accent") },
              spanGaps: true,
            },
          ],
          axes: [
            {
              ...axis,
              size: 28,
              ...(names
                ? {
                    values: (_plot, splits) =>
                      splits.map((each) => (Number.isInteger(each) ? (names[each] ?? "") : "")),
                    space: 110,
                  }
                : { values: (_plot, splits) => timeWords(splits, zone), space: 90 }),
            },
            { ...axis, size: 62, values: (_plot, splits) => splits.map(numberWords) },
          ],
          hooks: { setCursor: [(each) => told(each.cursor.idx)] },
        },
        [names ? [...x] : x.map((each) => each / 1000), [...y]],
        place,
      )
      plot.over.addEventListener("click", () => {
        const index = plot?.cursor.idx
        if (index !== null && index !== undefined) open.current?.(index)
      })
    }
    make()
    const themed = onPalette(make)
    const resized = new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height }))
    resized.observe(place)
    return () => {
      themed()
      resized.disconnect()
      plot?.destroy()
    }
  }, [label, x, y, names, height, zone])
  return (
    <figure className={classes.plot}>
      <figcaption>
        <span>{label}</span>
        <span ref={tip} className={classes.tip} />
      </figcaption>
      <div ref={box} style={{ height }} role="img" aria-label={`${label}: ${y.length} values`} />
    </figure>
  )
}
