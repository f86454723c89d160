import { act, renderHook } from "@testing-library/react"
import { describe, expect, it } from "vitest"
import type { Schema } from "@/api/client"
import { Problem } from "@/api/problem"
import { changeAt } from "./config"
import { useConfig } from "./use-config"

const detail = (count: number) =>
  ({
    params: { count: { type: "integer", default: count }, note: { type: "string" } },
    required: ["note"],
    definitions: {},
  }) as unknown as Schema["PipelineDetail"]

describe("the parameters of a launch", () => {
  it("stay as typed while a partition is chosen, and when the pipeline is loaded anew", () => {
    const { result, rerender } = renderHook(({ of }) => useConfig("stay", of, undefined), {
      initialProps: { of: detail(3), partition: "2024-01-01" },
    })
    act(() => result.current.change(changeAt(result.current.config, ["note"], "mine")))
    rerender({ of: detail(3), partition: "2024-01-01..2024-01-31" })
    expect(result.current.config.values).toEqual({ count: 3, note: "mine" })
    rerender({ of: detail(4), partition: "" })
    expect(result.current.config.values).toEqual({ count: 3, note: "mine" })
  })

  it("are there again after the dialog was closed without starting, and not after it started", () => {
    const first = renderHook(() => useConfig("again", detail(3), undefined))
    act(() => first.result.current.change(changeAt(first.result.current.config, ["count"], 9)))
    first.unmount()
    const second = renderHook(() => useConfig("again", detail(3), undefined))
    expect(second.result.current).toMatchObject({ isDraft: true, config: { values: { count: 9 } } })
    second.result.current.done()
    second.unmount()
    expect(renderHook(() => useConfig("again", detail(3), undefined)).result.current.config.values).toEqual({
      count: 3,
    })
  })

  it("are those that were given, whatever was typed before", () => {
    const typed = renderHook(() => useConfig("given", detail(3), undefined))
    act(() => typed.result.current.change(changeAt(typed.result.current.config, ["count"], 9)))
    const given = renderHook(() => useConfig("given", detail(3), { count: 5 }))
    expect(given.result.current).toMatchObject({ isDraft: false, config: { values: { count: 5 } } })
  })

  it("show a refusal at the field that it names until that is changed", () => {
    const { result } = renderHook(() => useConfig("refused", detail(3), undefined))
    const errors = [
      { field: "body.params.count", problem: "should be at least 5" },
      { field: "body.partition", problem: "is not known" },
    ]
    act(() => result.current.refuse(new Problem(422, { detail: "No.", errors })))
    expect([...result.current.refused.params]).toEqual([["count", "should be at least 5"]])
    expect(result.current.refused.others.get("partition")).toBe("is not known")
    expect(result.current.refused.rest).toBe(false)
    act(() => result.current.change(changeAt(result.current.config, ["count"], 6)))
    expect(result.current.refused.params.size).toBe(0)
  })
})
