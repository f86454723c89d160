import { ActionIcon, Autocomplete, Button, Select, TextInput, Tooltip } from "@mantine/core"
import { Snowflake, X } from "lucide-react"
import { useEffect, useState } from "react"
import { api } from "@/api/client"
import { serverNow } from "@/api/server-time"
import { short, useClock } from "@/parts/clock"
import { Filters, Find } from "@/parts/filters"
import { countOf, frozen, NO_FILTERS, RANGES, type Range, type RunsState, STATES, TRIGGERS } from "./filters"

interface FilterBarProps {
  readonly state: RunsState
  readonly onChange: (change: Partial<RunsState>) => void
}

const ALSO = ["location", "automation", "execution", "parent"] as const

/** What of the runs is shown: each filter is in the URL. */
export function FilterBar({ state, onChange }: FilterBarProps) {
  const pipelines = api.useQuery("get", "/api/v1/pipelines", { params: { query: { limit: 500, recent: 0 } } })
  const { zone } = useClock()
  const still = state.since !== "" || state.until !== ""
  const times = (at: string, open: string) => (at ? short(new Date(at), zone) : open)
  return (
    <Filters>
      <Find
        label="Find runs"
        placeholder="Id, pipeline, partition, selection"
        value={state.q}
        onChange={(q) => onChange({ q })}
        width={200}
      />
      <Select
        aria-label="State"
        data={STATES}
        value={state.state}
        allowDeselect={false}
        w={122}
        onChange={(value) => onChange({ state: value ?? "" })}
      />
      <Select
        aria-label="Pipeline"
        placeholder="Any pipeline"
        data={[
          ...new Set([
            ...(pipelines.data?.items.map((each) => each.name) ?? []),
            ...(state.pipeline ? [state.pipeline] : []),
          ]),
        ]}
        value={state.pipeline || null}
        clearable
        searchable
        w={150}
        onChange={(value) => onChange({ pipeline: value ?? "" })}
      />
      <Typed label="Partition" value={state.partition} onChange={(partition) => onChange({ partition })} />
      <Autocomplete
        size="xs"
        aria-label="Started by"
        placeholder="Started by"
        data={[...TRIGGERS]}
        value={state.trigger}
        w={110}
        onChange={(trigger) => onChange({ trigger })}
      />
      {still ? (
        <Button
          variant="light"
          rightSection={<X size={12} aria-hidden="true" />}
          aria-label="Show any time"
          onClick={() => onChange({ since: "", until: "", range: "" })}
        >
          {times(state.since, "…")} – {times(state.until, "now")}
        </Button>
      ) : (
        <>
          <Select
            aria-label="Time"
            data={Object.entries(RANGES).map(([value, { label }]) => ({ value, label }))}
            value={state.range}
            allowDeselect={false}
            w={122}
            onChange={(value) => onChange({ range: (value ?? "") as Range })}
          />
          {state.range !== "" && (
            <Tooltip label="Hold this range still, so that a link to it shows the same tomorrow">
              <ActionIcon
                variant="default"
                size={30}
                aria-label="Hold this range still"
                onClick={() => onChange(frozen(state, serverNow()))}
              >
                <Snowflake size={14} />
              </ActionIcon>
            </Tooltip>
          )}
        </>
      )}
      {ALSO.filter((name) => state[name] !== "").map((name) => (
        <Button
          key={name}
          variant="light"
          rightSection={<X size={12} aria-hidden="true" />}
          aria-label={`Of any ${name}`}
          onClick={() => onChange({ [name]: "" })}
        >
          {name} {name === "location" || name === "automation" ? state[name] : state[name].slice(0, 8)}
        </Button>
      ))}
      {countOf(state) > 0 && (
        <Button variant="subtle" color="gray" onClick={() => onChange(NO_FILTERS)}>
          Clear
        </Button>
      )}
    </Filters>
  )
}

/** A field of an exact value, taken when it is left or by Enter. */
function Typed({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (value: string) => void
}) {
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      value={typed}
      w={110}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => typed !== value && onChange(typed)}
      onKeyDown={(event) => event.key === "Enter" && onChange(typed)}
    />
  )
}
