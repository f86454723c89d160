import { describe, expect, it } from "vitest"
import { bytes } from "@/parts/bytes"
import { answerOf } from "./answers"

const ended = (kind: "doctor" | "verify" | "gc", answer: unknown) =>
  answerOf({ kind, outcome: "succeeded", problem: null, answer })

describe("what looks after an installation says", () => {
  it("what is wrong before what is well", () => {
    const found = ended("doctor", {
      passed: false,
      findings: [
        { subject: "python", level: "ok", text: "3.11" },
        { subject: "disk", level: "warning", text: "1 GB free" },
        { subject: "ledger", level: "problem", text: "damaged" },
      ],
    })
    expect(found.title).toBe("1 thing is wrong.")
    expect(found.lines.map((each) => each.subject)).toEqual(["ledger", "disk", "python"])
    expect(found.lines[0]?.text).toBe("damaged")
  })

  it("that the ledger holds, or where it differs", () => {
    expect(
      ended("verify", { passed: true, events: 1200, rows: { run: 3, tick: 4 }, differences: { run: [] } }),
    ).toEqual({
      state: "passed",
      title: "1,200 events say exactly what the 7 rows do.",
      lines: [],
    })
    const broken = ended("verify", {
      passed: false,
      events: 1,
      differences: { run: ["row r1 differs"] },
      damage: ["page 7"],
    })
    expect(broken.title).toBe("2 things differ from the events.")
    expect(broken.lines.map((each) => each.subject)).toEqual(["run", "damage"])
  })

  it("what would be removed", () => {
    expect(ended("gc", { removed: [], runs: [], leftovers: [], problems: [], dry_run: true }).title).toBe(
      "There is nothing to remove.",
    )
    expect(
      ended("gc", {
        removed: [{ asset: "a", versions: ["v1", "v2"] }],
        runs: ["r"],
        bytes: 4_200_000,
        dry_run: true,
      }).title,
    ).toBe("2 versions, 1 run would be removed, 4.2 MB in all.")
  })

  it("why there is no answer", () => {
    const problem = { code: "lost", message: "The worker died.", remedy: "Ask again." }
    expect(answerOf({ kind: "doctor", outcome: "lost", problem, answer: null })).toMatchObject({
      state: "failed",
      title: "The worker died.",
      lines: [{ text: "Ask again." }],
    })
    expect(bytes(999)).toBe("999 bytes")
  })
})
