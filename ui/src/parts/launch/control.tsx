import { SegmentedControl, Select, Switch, Textarea, TextInput } from "@mantine/core"
import { useState } from "react"
import { parse, stringify } from "yaml"
import { ListControl, ObjectControl } from "./control-many"
import { type ControlProps, nameOf, type OfShape } from "./control-props"
import { useForm } from "./fields"
import classes from "./fields.module.css"
import { blank, shapeOf, typeWords } from "./schema"
import { problemsOf, shown } from "./validate"
import { getAt, written } from "./values"

/** The control for a value of a schema, whatever it is. A value that does not fit is shown as it is, and marked. */
export function Control(props: ControlProps) {
  const form = useForm()
  const { shape, path } = props
  const rest = {
    value: getAt(form.values, path),
    change: (to: unknown) => form.change(path, to),
    wrong: form.problems.has(written(path)),
  }
  switch (shape.kind) {
    case "text":
      return <TextControl {...props} {...rest} shape={shape} />
    case "number":
      return <NumberControl {...props} {...rest} shape={shape} />
    case "truth":
      return <TruthControl {...props} {...rest} shape={shape} />
    case "choice":
      return <ChoiceControl {...props} {...rest} shape={shape} />
    case "list":
      return <ListControl {...props} {...rest} shape={shape} />
    case "object":
      return <ObjectControl {...props} {...rest} shape={shape} />
    case "variants":
      return <VariantControl {...props} {...rest} shape={shape} />
    case "any":
    case "nothing":
      return <AnyControl {...props} {...rest} />
  }
}

function TextControl({ id, value, change, shape, wrong, path }: OfShape<"text">) {
  const text = typeof value === "string" ? value : value === undefined || value === null ? "" : shown(value)
  const { format, examples, maxLength } = shape.schema
  const isDate = format === "date" && (text === "" || /^\d{4}-\d{2}-\d{2}$/.test(text))
  const shared = {
    id,
    value: text,
    error: wrong,
    "aria-label": nameOf(path),
    placeholder:
      value === null
        ? "none"
        : format === "date-time"
          ? "2024-01-31T14:00:00Z"
          : examples?.[0] === undefined
            ? undefined
            : `such as ${shown(examples[0])}`,
  }
  const typed = (to: string) =>
    change(to === "" && (shape.nullable || isDate) ? (shape.nullable ? null : undefined) : to)
  if (format === undefined && (text.includes("\n") || text.length > 80 || (maxLength ?? 0) > 300))
    return (
      <Textarea
        {...shared}
        autosize
        minRows={2}
        maxRows={10}
        onChange={(event) => typed(event.currentTarget.value)}
      />
    )
  return (
    <TextInput
      {...shared}
      type={isDate ? "date" : format === "password" ? "password" : "text"}
      className={isDate ? classes.short : undefined}
      onChange={(event) => typed(event.currentTarget.value)}
    />
  )
}

function NumberControl({ id, value, change, shape, wrong, path }: OfShape<"number">) {
  const [draft, setDraft] = useState("")
  const text = value === undefined || value === null ? "" : shown(value)
  // what was typed is shown as it was typed (`1.`, `1e3`) while it says the same as the value
  const isTyped = draft.trim() !== "" && Object.is(read(draft), value)
  return (
    <TextInput
      id={id}
      className={classes.short}
      inputMode={shape.whole ? "numeric" : "decimal"}
      aria-label={nameOf(path)}
      value={isTyped ? draft : text}
      placeholder={value === null ? "none" : undefined}
      error={wrong}
      onChange={(event) => {
        const typed = event.currentTarget.value
        setDraft(typed)
        if (typed.trim() === "") change(shape.nullable ? null : undefined)
        else change(read(typed))
      }}
    />
  )
}

/** A number where the text is one, else the text itself, which is then told to be wrong. */
function read(text: string): number | string {
  const trimmed = text.trim()
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : text
}

function TruthControl({ id, value, change, shape, wrong, path }: OfShape<"truth">) {
  if (shape.nullable || (value !== undefined && typeof value !== "boolean"))
    return (
      <SegmentedControl
        id={id}
        aria-label={nameOf(path)}
        value={value === true ? "yes" : value === false ? "no" : "none"}
        data={["yes", "no", "none"]}
        onChange={(word) => change(word === "none" ? null : word === "yes")}
      />
    )
  return (
    <Switch
      id={id}
      aria-label={nameOf(path)}
      checked={value === true}
      label={value === true ? "yes" : "no"}
      error={wrong}
      onChange={(event) => change(event.currentTarget.checked)}
    />
  )
}

function ChoiceControl({ id, value, change, shape, wrong, path }: OfShape<"choice">) {
  const data = shape.values.map((each) => ({ value: JSON.stringify(each), label: shown(each) }))
  const given = value === undefined || value === null ? null : JSON.stringify(value)
  if (given !== null && !data.some((each) => each.value === given))
    data.push({ value: given, label: shown(value) })
  return (
    <Select
      id={id}
      aria-label={nameOf(path)}
      data={data}
      value={given}
      placeholder={value === null ? "none" : "choose"}
      clearable={shape.nullable}
      searchable={data.length > 8}
      allowDeselect={false}
      error={wrong}
      className={classes.short}
      comboboxProps={{ withinPortal: true }}
      onChange={(to) => change(to === null ? (shape.nullable ? null : undefined) : JSON.parse(to))}
    />
  )
}

function VariantControl({ id, value, change, shape, path }: OfShape<"variants">) {
  const { definitions } = useForm()
  const fits = shape.variants.findIndex((each) => problemsOf(value, each, definitions).length === 0)
  const [picked, setPicked] = useState(Math.max(0, fits))
  const at =
    fits >= 0 && problemsOf(value, shape.variants[picked] ?? {}, definitions).length > 0 ? fits : picked
  const variant = shape.variants[at] ?? {}
  const data = shape.variants.map((each, index) => ({
    value: String(index),
    label: each.title ?? typeWords(each, definitions),
  }))
  if (shape.nullable) data.push({ value: "none", label: "none" })
  return (
    <div className={classes.list}>
      <Select
        aria-label={`Kind of ${nameOf(path)}`}
        data={data}
        value={value === null ? "none" : String(at)}
        allowDeselect={false}
        className={classes.short}
        onChange={(to) => {
          if (to === "none") return change(null)
          setPicked(Number(to))
          change(blank(shape.variants[Number(to)] ?? {}, definitions))
        }}
      />
      {value !== null && (
        <Control id={id} schema={variant} shape={shapeOf(variant, definitions)} path={path} />
      )}
    </div>
  )
}

/** Any value, as YAML in a field of its own. */
function AnyControl({ id, value, change, wrong, path }: Omit<OfShape<"any">, "shape">) {
  const [draft, setDraft] = useState<string | null>(null)
  const text = value === undefined ? "" : stringify(value, { lineWidth: 0 }).trimEnd()
  const [problem, setProblem] = useState("")
  return (
    <Textarea
      id={id}
      aria-label={nameOf(path)}
      autosize
      minRows={1}
      maxRows={12}
      classNames={{ input: classes.mono }}
      value={draft ?? text}
      error={problem || wrong}
      onChange={(event) => {
        const typed = event.currentTarget.value
        setDraft(typed)
        try {
          change(typed.trim() === "" ? undefined : parse(typed))
          setProblem("")
        } catch (error) {
          setProblem(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error))
        }
      }}
      onBlur={() => problem === "" && setDraft(null)}
    />
  )
}
