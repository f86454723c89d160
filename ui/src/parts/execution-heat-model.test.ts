import { describe, expect, it } from "vitest"
import { drawn, type HeatLine, heatSays, segmentSays, stretchesOfLine, unmade } from "./execution-heat-model"

type Segment = HeatLine["segments"][number]

const segment = (start: number, stop: number, state: Segment["state"]): Segment => ({
  start,
  stop,
  state,
  first_key: `d${start}`,
  last_key: `d${stop - 1}`,
})

const line = (name: string, counts: HeatLine["counts"], segments: Segment[] = [segment(0, 2, "left")]) =>
  ({ name, kind: "asset", total: 2, counts, segments }) as HeatLine

describe("the partitions of an execution", () => {
  it("are drawn in the colours of strips", () => {
    const shown = line("a", {}, [
      segment(0, 3, "succeeded"),
      segment(3, 4, "left_out"),
      segment(4, 9, "left"),
    ])
    expect(stretchesOfLine(shown)).toEqual([
      { start: 0, stop: 3, status: "succeeded" },
      { start: 3, stop: 4, status: "blocked" },
      { start: 4, stop: 9, status: "missing" },
    ])
  })

  it("are told with what is worst first", () => {
    expect(heatSays({ succeeded: 1200, failed: 2, left: 0 })).toBe("2 failed, 1,200 succeeded")
    expect(heatSays({})).toBe("")
  })

  it("are told with their keys", () => {
    expect(segmentSays(segment(3, 6, "failed"))).toBe("d3..d5: failed (3)")
    expect(segmentSays(segment(3, 4, "running"))).toBe("d3: running")
    expect(segmentSays({ ...segment(0, 1, "left"), first_key: null, last_key: null })).toBe("not begun")
  })

  it("stay in order where there is room for few lines, and a failure is always among them", () => {
    const lines = [line("a", { left: 2 }), line("b", { failed: 1 }), line("c", { running: 1 }), line("d", {})]
    expect(drawn(lines, 2).map((each) => each.name)).toEqual(["b", "c"])
    expect(drawn(lines).map((each) => each.name)).toEqual(["a", "b", "c", "d"])
    expect(drawn([line("gone", {}, [])])).toEqual([])
  })
})

describe("what can be run again", () => {
  it("is what an execution that has ended did not make", () => {
    const counts = { failed: 2, left_out: 3, cancelled: 1 }
    expect(unmade({ phase: "finished", ...counts })).toBe(6)
    expect(unmade({ phase: "running", ...counts })).toBe(0)
  })
})
