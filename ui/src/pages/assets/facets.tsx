import { Checkbox } from "@mantine/core"
import { useState } from "react"
import type { Schema } from "@/api/client"
import { StateMark } from "@/parts/state-mark"
import { stateOf } from "@/theme/states"
import classes from "./assets.module.css"
import { FACETS, type Facet, type Filters, toggled } from "./view"

interface FacetsProps {
  readonly facets: Schema["FacetsView"]
  readonly filters: Filters
  readonly onChange: (facet: Facet, values: readonly string[]) => void
}

const TITLES: Readonly<Record<Facet, string>> = {
  status: "Status",
  group: "Group",
  owner: "Owner",
  kind: "Kind",
  tag: "Tag",
  location: "Location",
}
/** So many values are shown before one asks for all. */
const SHOWN = 7

/** Filters with the number of assets that each would leave. */
export function Facets({ facets, filters, onChange }: FacetsProps) {
  return (
    <nav className={classes.facets} aria-label="Filters">
      {FACETS.map((facet) => {
        const values = facets[facet]
        const chosen = filters[facet]
        // a filter that would leave everything as it is is none
        if (values.length < 2 && chosen.length === 0) return null
        return (
          <Group
            key={facet}
            facet={facet}
            values={values}
            chosen={chosen}
            cut={facets.cut.includes(facet)}
            onChange={(next) => onChange(facet, next)}
          />
        )
      })}
    </nav>
  )
}

interface GroupProps {
  readonly facet: Facet
  readonly values: ReadonlyArray<Schema["FacetValue"]>
  readonly chosen: readonly string[]
  readonly cut: boolean
  readonly onChange: (values: readonly string[]) => void
}

function Group({ facet, values, chosen, cut, onChange }: GroupProps) {
  const [all, setAll] = useState(false)
  const shown = all ? values : values.filter((each, at) => at < SHOWN || chosen.includes(each.value))
  return (
    <fieldset>
      <legend>
        {TITLES[facet]}
        {chosen.length > 0 && (
          <button type="button" onClick={() => onChange([])}>
            clear
          </button>
        )}
      </legend>
      {shown.map(({ value, count }) => (
        <label key={value} htmlFor={`${facet} ${value}`} className={classes.value}>
          <Checkbox
            id={`${facet} ${value}`}
            size="xs"
            checked={chosen.includes(value)}
            onChange={() => onChange(toggled(chosen, value))}
            aria-label={`${TITLES[facet]} ${value}`}
          />
          {facet === "status" && <StateMark state={value} label="" size={11} />}
          <span className={classes.valueName} title={value}>
            {facet === "status" ? stateOf(value).label : value}
          </span>
          <span className={classes.count}>{count.toLocaleString("en-GB")}</span>
        </label>
      ))}
      {values.length > SHOWN && (
        <button type="button" className={classes.more} onClick={() => setAll(!all)}>
          {all ? "fewer" : `${values.length - SHOWN} more${cut ? ", and others" : ""}`}
        </button>
      )}
    </fieldset>
  )
}
