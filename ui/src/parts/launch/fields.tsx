import { ActionIcon, Tooltip } from "@mantine/core"
import { RotateCcw } from "lucide-react"
import { createContext, useContext, useId } from "react"
import { Control } from "./control"
import classes from "./fields.module.css"
import { type Definitions, type JsonSchema, type Shape, shapeOf, typeWords } from "./schema"
import { getAt, type Path, same, type Values, written } from "./values"

/** What all fields of one form share. */
export interface Form {
  readonly values: Values
  /** What the values were at first: a field that differs can be set back. */
  readonly base: Values
  readonly definitions: Definitions
  /** By path; the server's own are among them. */
  readonly problems: ReadonlyMap<string, string>
  readonly change: (path: Path, to: unknown) => void
}

const FormContext = createContext<Form | null>(null)

export function useForm(): Form {
  const form = useContext(FormContext)
  if (form === null) throw new Error("A field stands outside of a form.")
  return form
}

/** Fields for the names of an object's schema. */
export function Fields({ form, schema }: { form: Form; schema: JsonSchema }) {
  const shape = shapeOf({ type: "object", ...schema }, form.definitions)
  return (
    <FormContext value={form}>
      {shape.kind === "object" && <ObjectFields shape={shape} path={[]} />}
    </FormContext>
  )
}

export function ObjectFields({ shape, path }: { shape: Extract<Shape, { kind: "object" }>; path: Path }) {
  return (
    <div className={classes.fields}>
      {shape.fields.map(([name, schema, required]) => (
        <Field key={name} name={name} schema={schema} required={required} path={[...path, name]} />
      ))}
    </div>
  )
}

interface FieldProps {
  readonly name: string
  readonly schema: JsonSchema
  readonly required: boolean
  readonly path: Path
}

function Field({ name, schema, required, path }: FieldProps) {
  const form = useForm()
  const id = useId()
  const shape = shapeOf(schema, form.definitions)
  const problem = form.problems.get(written(path))
  const before = getAt(form.base, path)
  const now = getAt(form.values, path)
  // what stands in something that is new itself has nothing to go back to
  const isNew = path.length > 1 && getAt(form.base, path.slice(0, -1)) === undefined
  const isOther = !isNew && !same(now, before) && !(now === undefined && before === undefined)
  const nested = shape.kind === "object" && shape.fields.length > 0
  return (
    <div className={nested ? classes.nested : classes.field} data-field={written(path)}>
      <div className={classes.label}>
        <label htmlFor={id} id={`${id}-label`}>
          {name}
          {required && (
            <span className={classes.required} title="Must be given">
              *
            </span>
          )}
        </label>
        <span className={classes.type}>{limitWords(shape, typeWords(schema, form.definitions))}</span>
        {isOther && (
          <Tooltip label={before === undefined ? "Take it away" : "Back to what it was"}>
            <ActionIcon
              size="xs"
              aria-label={`Set ${name} back`}
              onClick={() => form.change(path, before)}
              className={classes.back}
            >
              <RotateCcw size={11} aria-hidden="true" />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <div className={classes.control}>
        {nested && shape.schema.description && <p className={classes.hint}>{shape.schema.description}</p>}
        <Control id={id} schema={schema} shape={shape} path={path} />
        {!nested && shape.schema.description && (
          <p className={classes.hint} id={`${id}-hint`}>
            {shape.schema.description}
          </p>
        )}
        {problem !== undefined && (
          <p className={classes.problem} role="alert" id={`${id}-problem`}>
            {`${problem.slice(0, 1).toUpperCase()}${problem.slice(1)}`}
          </p>
        )}
      </div>
    </div>
  )
}

/** A type with its bounds: `whole number, 1 to 250`. */
function limitWords({ schema }: Shape, words: string): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, maxLength } = schema
  if (minimum !== undefined && maximum !== undefined) return `${words}, ${minimum} to ${maximum}`
  const parts = [
    minimum !== undefined && `at least ${minimum}`,
    exclusiveMinimum !== undefined && `more than ${exclusiveMinimum}`,
    maximum !== undefined && `at most ${maximum}`,
    exclusiveMaximum !== undefined && `less than ${exclusiveMaximum}`,
    maxLength !== undefined && `at most ${maxLength} letters`,
  ].filter(Boolean)
  return [words, ...parts].join(", ")
}
