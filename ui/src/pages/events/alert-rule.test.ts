import { describe, expect, it } from "vitest"
import { canAlert, suggested } from "./alert-rule"

const event = {
  type: "RunFinished",
  subject: "run:ab12",
  step: null,
  outcome: "failed",
  assets: [],
  pipeline: "",
}

describe("the rule that an event suggests", () => {
  it("is on the pipeline, not on the one run", () => {
    expect(suggested({ ...event, pipeline: "nightly" })).toEqual({
      name: "run-finished-failed",
      type: "RunFinished",
      subject: "pipeline:nightly",
      outcome: "failed",
    })
  })

  it("finds the pipeline in the step, or the asset", () => {
    expect(suggested({ ...event, type: "AttemptFailed", step: "etl:load" }).subject).toBe("pipeline:etl")
    expect(suggested({ ...event, assets: ["risk/var"] })).toMatchObject({
      subject: "asset:risk/var",
      name: "run-finished-failed",
    })
  })

  it("keeps what lasts, and is on everything where nothing does", () => {
    expect(suggested({ ...event, subject: "automation:schedule:etl" }).subject).toBe(
      "automation:schedule:etl",
    )
    expect(suggested({ ...event }).subject).toBe("")
  })

  it("has a name that no other rule has", () => {
    const names = (taken: string[]) => suggested({ ...event, pipeline: "nightly" }, taken).name
    expect(names(["run-finished-failed"])).toBe("nightly-run-finished-failed")
    expect(names(["run-finished-failed", "nightly-run-finished-failed"])).toBe("run-finished-failed-2")
    expect(suggested({ ...event, type: "AttemptFailed" }).name).toBe("attempt-failed")
  })

  it("is never on alerts themselves", () => {
    expect(canAlert("IncidentOpened")).toBe(false)
    expect(canAlert("NotificationSent")).toBe(false)
    expect(canAlert("VersionPointed")).toBe(true)
  })
})
