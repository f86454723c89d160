import { expect, it } from "vitest"
import { answerOf } from "./answer"

it("reads what a sensor asks for, and nothing into what is no answer of one", () => {
  const found = answerOf({
    requests: [{ key: "a.csv", params: { name: "a.csv" }, partition: null, decided: true }],
    skip: "",
    cursor: "a.csv",
    error: "",
  })
  expect(found?.requests).toEqual([
    { key: "a.csv", params: { name: "a.csv" }, partition: null, decided: true },
  ])
  expect(found?.cursor).toBe("a.csv")
  expect(answerOf(null)).toBeNull()
  expect(answerOf({ problem: "none" })).toBeNull()
})
