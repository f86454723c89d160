/** What the controls of a launch form are given. */
import type { JsonSchema, Shape } from "./schema"
import type { Path } from "./values"

export interface ControlProps {
  readonly id: string
  readonly schema: JsonSchema
  readonly shape: Shape
  readonly path: Path
}

/** A control of one kind of shape, with its value. */
export interface OfShape<Kind extends Shape["kind"]> extends ControlProps {
  readonly shape: Extract<Shape, { kind: Kind }>
  readonly value: unknown
  readonly change: (to: unknown) => void
  readonly wrong: boolean
}

/** The name of a control that stands in a list or is one of several, where no label is for it alone. */
export function nameOf(path: Path): string {
  return path.map((part) => (typeof part === "number" ? `item ${part + 1}` : part)).join(" ")
}
