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
      name: "nightly-run-finished",
      type: "RunFinished",
      subject: "pipeline:nightly",
      outcome: "failed",
    })
  })

  it("finds the pipeline in the step, or the asset", () => {
    expect(suggested({ ...event, type: "AttemptFailed", step: "etl:load" }).subject).toBe("pipeline:etl")
    expect(suggested({ ...event, assets: ["risk/var"] })).toMatchObject({
      subject: "asset:risk/var",
      name: "risk-var-run-finished",
    })
  })

  it("keeps what lasts, and is on everything where nothing does", () => {
    expect(suggested({ ...event, subject: "automation:schedule:etl" }).subject).toBe(
      "automation:schedule:etl",
    )
    expect(suggested({ ...event }).subject).toBe("")
  })

  it("is never on alerts themselves", () => {
    expect(canAlert("IncidentOpened")).toBe(false)
    expect(canAlert("NotificationSent")).toBe(false)
    expect(canAlert("VersionPointed")).toBe(true)
  })
})
