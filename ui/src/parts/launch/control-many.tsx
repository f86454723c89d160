/** Controls for lists, objects, and names with values. */
import { ActionIcon, Button, MultiSelect, TagsInput, TextInput } from "@mantine/core"
import { Plus, X } from "lucide-react"
import { useState } from "react"
import { Control } from "./control"
import { nameOf, type OfShape } from "./control-props"
import { ObjectFields, useForm } from "./fields"
import classes from "./fields.module.css"
import { blank, type JsonSchema, shapeOf, typeWords } from "./schema"
import { getAt, isObject, type Path, written } from "./values"

export function ListControl({ id, value, change, shape, wrong, path }: OfShape<"list">) {
  const { definitions } = useForm()
  const item = shapeOf(shape.item, definitions)
  const list = Array.isArray(value) ? (value as readonly unknown[]) : []
  const areTexts = list.every((each): each is string => typeof each === "string")
  if (item.kind === "choice" && areTexts && item.values.every((each) => typeof each === "string"))
    return (
      <MultiSelect
        id={id}
        aria-label={nameOf(path)}
        data={item.values as string[]}
        value={[...(list as string[])]}
        error={wrong}
        searchable
        onChange={change}
      />
    )
  if (item.kind === "text" && areTexts && !item.nullable && item.schema.format === undefined)
    return (
      <TagsInput
        size="xs"
        id={id}
        aria-label={nameOf(path)}
        value={[...(list as string[])]}
        placeholder={list.length ? undefined : "type, then Enter"}
        splitChars={[]}
        allowDuplicates
        error={wrong}
        onChange={change}
      />
    )
  return (
    <div className={classes.list}>
      {list.map((_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no names of their own
        <div key={index} className={classes.item}>
          <span className={classes.count}>{index + 1}</span>
          <div className={classes.grow}>
            <Control id={`${id}-${index}`} schema={shape.item} shape={item} path={[...path, index]} />
            <ItemProblem path={[...path, index]} />
          </div>
          <ActionIcon
            aria-label={`Remove ${nameOf([...path, index])}`}
            onClick={() => change(list.toSpliced(index, 1))}
          >
            <X size={13} aria-hidden="true" />
          </ActionIcon>
        </div>
      ))}
      <Button
        id={id}
        variant="default"
        size="compact-xs"
        leftSection={<Plus size={12} aria-hidden="true" />}
        onClick={() => change([...list, blank(shape.item, definitions)])}
      >
        Add {list.length ? "another" : typeWords(shape.item, definitions).replace("fields", "one")}
      </Button>
    </div>
  )
}

function ItemProblem({ path }: { path: Path }) {
  const problem = useForm().problems.get(written(path))
  return problem === undefined ? null : (
    <p className={classes.problem} role="alert">
      {problem}
    </p>
  )
}

export function ObjectControl({ id, value, change, shape, path }: OfShape<"object">) {
  const { definitions } = useForm()
  if (shape.nullable && (value === null || value === undefined))
    return (
      <Button
        id={id}
        variant="default"
        size="compact-xs"
        onClick={() => change(blank(shape.schema, definitions) ?? {})}
      >
        Give one
      </Button>
    )
  const clear = shape.nullable && (
    <Button variant="subtle" color="gray" size="compact-xs" onClick={() => change(null)}>
      Give none
    </Button>
  )
  return (
    <>
      {shape.fields.length > 0 && <ObjectFields shape={shape} path={path} />}
      {shape.rest !== null && (
        <MapControl id={id} rest={shape.rest} path={path} known={shape.fields.map((each) => each[0])} />
      )}
      {clear}
    </>
  )
}

function MapControl({
  id,
  rest,
  path,
  known,
}: {
  id: string
  rest: JsonSchema
  path: Path
  known: readonly string[]
}) {
  const { values, definitions, change } = useForm()
  const [name, setName] = useState("")
  const found = getAt(values, path)
  const map = isObject(found) ? found : {}
  const names = Object.keys(map).filter((each) => !known.includes(each))
  const add = () => {
    if (name === "" || Object.hasOwn(map, name)) return
    change([...path, name], blank(rest, definitions))
    setName("")
  }
  return (
    <div className={classes.list}>
      {names.map((each) => (
        <div key={each} className={classes.item}>
          <span className={classes.name} title={each}>
            {each}
          </span>
          <div className={classes.grow}>
            <Control
              id={`${id}-${each}`}
              schema={rest}
              shape={shapeOf(rest, definitions)}
              path={[...path, each]}
            />
            <ItemProblem path={[...path, each]} />
          </div>
          <ActionIcon aria-label={`Remove ${each}`} onClick={() => change([...path, each], undefined)}>
            <X size={13} aria-hidden="true" />
          </ActionIcon>
        </div>
      ))}
      <div className={classes.item}>
        <TextInput
          id={id}
          placeholder="name"
          aria-label={`New name in ${nameOf(path)}`}
          value={name}
          error={Object.hasOwn(map, name) ? "is there already" : undefined}
          onChange={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.metaKey || event.ctrlKey) return
            event.preventDefault()
            add()
          }}
        />
        <Button variant="default" disabled={name === ""} onClick={add}>
          Add
        </Button>
      </div>
    </div>
  )
}
