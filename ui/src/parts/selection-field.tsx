import { Combobox, TextInput, useCombobox } from "@mantine/core"
import { ListFilter, X } from "lucide-react"
import { type KeyboardEvent, useEffect, useRef, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import classes from "./selection-field.module.css"
import { pointed } from "./selection-terms"

interface SelectionFieldProps {
  readonly value: string
  /** Called with what was written, by Enter, on leaving the field, and when it is emptied. */
  readonly onChange: (value: string) => void
  /** The server's refusal of it, shown under the field at its place. */
  readonly error?: unknown
  readonly label?: string
  readonly placeholder?: string
  readonly autoFocus?: boolean
  /** Found by the page's own key, such as `/`. */
  readonly inputRef?: React.Ref<HTMLInputElement>
}

/** A selection of assets, with what may stand at the cursor offered below: keys, groups, tags, owners, `+` reach. */
export function SelectionField(props: SelectionFieldProps) {
  const { value, onChange, error, label = "Selection", placeholder = "group:core and status:stale" } = props
  const [draft, setDraft] = useState(value)
  const [at, setAt] = useState(value.length)
  const [open, setOpen] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const caret = useRef<number | null>(null)
  const combobox = useCombobox({ opened: open, onDropdownClose: () => combobox.resetSelectedOption() })
  // what comes from elsewhere (the URL, a facet) takes the place of what was written
  const known = useRef(value)
  useEffect(() => {
    if (known.current === value) return
    known.current = value
    setDraft(value)
  }, [value])
  useEffect(() => {
    if (caret.current === null) return
    input.current?.setSelectionRange(caret.current, caret.current)
    caret.current = null
  })
  const found = api.useQuery(
    "get",
    "/api/v1/selection/complete",
    { params: { query: { text: draft.slice(0, 2000), at: [...draft.slice(0, at)].length } } },
    { enabled: open },
  ).data
  const commit = (text: string) => {
    const said = text.trim()
    setOpen(false)
    if (said === known.current) return
    known.current = said
    onChange(said)
  }
  const take = (text: string) => {
    if (!found) return
    const points = [...draft]
    const next = [...points.slice(0, found.start), text, ...points.slice(found.end)].join("")
    const place = points.slice(0, found.start).join("").length + text.length
    setDraft(next)
    setAt(place)
    caret.current = place
    combobox.resetSelectedOption()
    // a field waits for its value, an operator for what follows; all else may be the end
    const complete = !text.endsWith(":") && !text.endsWith(" ")
    setOpen(!complete)
    input.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Escape" && open) {
      event.stopPropagation()
      setOpen(false)
    } else if (event.key === "Enter" && (!open || combobox.getSelectedOptionIndex() < 0)) {
      event.preventDefault()
      commit(draft)
    } else if (event.key === "ArrowDown" && !open) setOpen(true)
    else if (event.key === "Tab" && open && combobox.getSelectedOptionIndex() >= 0) {
      const text = found?.items[combobox.getSelectedOptionIndex()]?.text
      if (text === undefined) return
      event.preventDefault()
      take(text)
    }
  }
  const move = () => {
    const place = input.current?.selectionStart ?? draft.length
    setAt(place)
  }
  return (
    <div className={classes.field}>
      <Combobox
        store={combobox}
        onOptionSubmit={take}
        withinPortal
        shadow="md"
        transitionProps={{ duration: 0 }}
      >
        <Combobox.Target withAriaAttributes>
          <TextInput
            ref={(element) => {
              input.current = element
              if (typeof props.inputRef === "function") props.inputRef(element)
              else if (props.inputRef) props.inputRef.current = element
            }}
            aria-label={label}
            value={draft}
            placeholder={placeholder}
            autoFocus={props.autoFocus}
            autoComplete="off"
            spellCheck={false}
            classNames={{ input: classes.input }}
            error={error ? true : undefined}
            leftSection={<ListFilter size={14} aria-hidden="true" />}
            rightSection={
              draft && (
                <button
                  type="button"
                  className={classes.clear}
                  aria-label="Clear the selection"
                  onClick={() => {
                    setDraft("")
                    commit("")
                    input.current?.focus()
                  }}
                >
                  <X size={13} />
                </button>
              )
            }
            onChange={(event) => {
              setDraft(event.currentTarget.value)
              setAt(event.currentTarget.selectionStart ?? event.currentTarget.value.length)
              setOpen(true)
              combobox.resetSelectedOption()
            }}
            onClick={() => {
              move()
              setOpen(true)
            }}
            onKeyUp={(event) => {
              if (event.key === "ArrowLeft" || event.key === "ArrowRight" || event.key === "Home") move()
            }}
            onKeyDown={onKeyDown}
            onBlur={() => commit(draft)}
          />
        </Combobox.Target>
        <Combobox.Dropdown hidden={!found?.items.length}>
          <Combobox.Options mah={320} style={{ overflowY: "auto" }}>
            {found?.items.map((item) => (
              <Combobox.Option
                key={`${item.kind} ${item.text}`}
                value={item.text}
                className={classes.option}
                // the field keeps the focus, and so what was written is not taken for finished
                onMouseDown={(event) => event.preventDefault()}
              >
                <code>{item.text}</code>
                <span>
                  {item.kind === "value" || item.kind === "field" ? item.note : `${item.kind} · ${item.note}`}
                </span>
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {error ? <Refused error={error} /> : null}
    </div>
  )
}

function Refused({ error }: { error: unknown }) {
  const problem = asProblem(error)
  const { said, lines } = pointed(problem.message)
  return (
    <div className={classes.error} role="alert">
      {lines && <pre>{lines}</pre>}
      <p>
        {said} <span>{problem.remedy}</span>
      </p>
    </div>
  )
}
