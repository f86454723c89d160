import { TextInput } from "@mantine/core"
import { useDebouncedCallback } from "@mantine/hooks"
import { type ReactNode, useEffect, useRef, useState } from "react"
import classes from "./filters.module.css"

interface FiltersProps {
  readonly children: ReactNode
  /** What stands at the right: what is done to what is shown. */
  readonly end?: ReactNode
}

/** The line above a list that says what of it is shown. */
export function Filters({ children, end }: FiltersProps) {
  return (
    <div className={classes.filters}>
      {children}
      {end && <span className={classes.end}>{end}</span>}
    </div>
  )
}

/** Milliseconds after the last key until it counts. */
const PAUSE = 150

interface FindProps {
  readonly label: string
  readonly placeholder: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly width?: number
}

/** A field for a part of a name; what is typed counts when one pauses, so that not each letter asks the server. */
export function Find({ label, placeholder, value, onChange, width }: FindProps) {
  const [typed, setTyped] = useState(value)
  const told = useRef(value)
  const tell = useDebouncedCallback((next: string) => {
    told.current = next
    onChange(next)
  }, PAUSE)
  useEffect(() => {
    // changed from outside: by a link, the back button, a cleared filter
    if (value !== told.current) {
      told.current = value
      setTyped(value)
    }
  }, [value])
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={placeholder}
      className={classes.find}
      style={width ? { width } : undefined}
      value={typed}
      spellCheck={false}
      onChange={(event) => {
        const next = event.currentTarget.value
        setTyped(next)
        tell(next)
      }}
    />
  )
}
