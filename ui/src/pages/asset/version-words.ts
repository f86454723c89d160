/** Two versions beside each other: what differs comes first. */
import type { Schema } from "@/api/client"

type Version = Schema["VersionDetail"]

export interface Difference {
  readonly name: string
  readonly one: string
  readonly other: string
  readonly same: boolean
  /** Of numbers: by how much. */
  readonly change: string
}

const LONGEST = 80

export function differences(one: Version, other: Version): readonly Difference[] {
  const found = [
    compared("content", one.data_version, other.data_version),
    compared("code", one.code_version, other.code_version),
    compared("run", one.run, other.run),
    compared("made of", inputs(one), inputs(other)),
    ...[...new Set([...Object.keys(one.metadata), ...Object.keys(other.metadata)])].map((name) =>
      compared(name, one.metadata[name], other.metadata[name]),
    ),
    ...[...new Set([...one.checks, ...other.checks].map((each) => each.check))].map((name) =>
      compared(`check ${name}`, outcome(one, name), outcome(other, name)),
    ),
  ]
  return found.toSorted((a, b) => Number(a.same) - Number(b.same))
}

function compared(name: string, one: unknown, other: unknown): Difference {
  const same = JSON.stringify(one) === JSON.stringify(other)
  const numbers = typeof one === "number" && typeof other === "number"
  return {
    name,
    one: written(one),
    other: written(other),
    same,
    change: numbers ? delta(one, other) : "differs",
  }
}

/** `+12 (+8 %)`, from the first to the second. */
export function delta(from: number, to: number): string {
  const sign = to >= from ? "+" : "−"
  const size = Math.abs(to - from).toLocaleString("en-GB", { maximumFractionDigits: 6 })
  if (from === 0) return `${sign}${size}`
  const share = Math.abs((to - from) / from) * 100
  return `${sign}${size} (${sign}${share.toLocaleString("en-GB", { maximumFractionDigits: share < 10 ? 1 : 0 })} %)`
}

function inputs(version: Version): string {
  return Object.entries(version.inputs)
    .map(([name, count]) => `${name} (${count})`)
    .join(", ")
}

function outcome(version: Version, name: string): string {
  const found = version.checks.find((each) => each.check === name)
  return found ? (found.passed ? "passed" : "failed") : "–"
}

function written(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–"
  if (typeof value === "number") return value.toLocaleString("en-GB", { maximumFractionDigits: 6 })
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
