import { Modal } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useRouter } from "@tanstack/react-router"
import { Search } from "lucide-react"
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react"
import { api, apiUrl } from "@/api/client"
import { StateMark } from "@/parts/state-mark"
import { commandsOf, useRegistry, written } from "./commands"
import classes from "./palette.module.css"
import { asked, grouped, matching, type Row, recent, remember, rowsOf, still } from "./palette-rows"

/** Milliseconds after the last key until the server is asked. */
const PAUSE = 70

/** Finds any object by its name, and does anything by its words. */
export function Palette({ onClose }: { onClose: () => void }) {
  const router = useRouter()
  const sets = useRegistry((registry) => registry.sets)
  const [typed, setTyped] = useState("")
  const [late] = useDebouncedValue(typed, PAUSE)
  const [at, setAt] = useState(0)
  const name = useId()
  const list = useRef<HTMLDivElement>(null)
  const { scope, text } = asked(typed)
  const found = api.useQuery(
    "get",
    "/api/v1/search",
    { params: { query: { q: asked(late).text, limit: 30 } } },
    { enabled: asked(late).text !== "" && scope !== "commands", staleTime: 2000 },
  )
  const rows = useMemo(() => {
    const commands = scope === "all" || scope === "commands" ? matching(commandsOf(sets), text) : []
    if (text === "") return scope === "all" ? [...recent(), ...commands] : commands
    const answered = found.data && scope !== "commands" ? rowsOf(found.data.items) : []
    // an answer to other words would show for a moment, and Enter would open, what was not asked for
    const hits = found.isPlaceholderData || asked(late).text !== text ? still(answered, text) : answered
    const objects = hits.filter(
      (row) => scope === "all" || (scope === "assets" ? row.group === "Assets" : row.group === "Runs"),
    )
    return [...objects, ...commands]
  }, [sets, scope, text, late, found.data, found.isPlaceholderData])
  const groups = useMemo(() => grouped(rows), [rows])
  const shown = useMemo(() => groups.flatMap(([, members]) => members), [groups])
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins at the top when other words are typed
  useEffect(() => setAt(0), [typed])
  const open = (row: Row | undefined, apart: boolean) => {
    if (row === undefined) return
    remember(row)
    onClose()
    if (row.run) row.run()
    else if (row.path && apart)
      window.open(apiUrl("").replace(/\/api\/v1$/, "") + row.path, "_blank", "noopener")
    else if (row.path) void router.navigate({ to: row.path })
  }
  const onKey = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by !== undefined) {
      event.preventDefault()
      const next = shown.length === 0 ? 0 : (at + by + shown.length) % shown.length
      setAt(next)
      list.current?.querySelector(`[data-at="${next}"]`)?.scrollIntoView({ block: "nearest" })
    } else if (event.key === "Enter") {
      event.preventDefault()
      open(shown[Math.min(at, shown.length - 1)], event.metaKey || event.ctrlKey)
    }
  }
  let counted = -1
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={620}
      yOffset="12vh"
      centered={false}
      title={undefined}
      transitionProps={{ duration: 0 }}
      aria-label="Search and commands"
    >
      <label className={classes.field}>
        <Search size={16} aria-hidden="true" />
        <input
          data-autofocus
          role="combobox"
          aria-label="Search, or do anything"
          aria-expanded="true"
          aria-controls={`${name}-list`}
          aria-activedescendant={shown.length > 0 ? `${name}-${at}` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder="Search, or do anything"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={onKey}
        />
      </label>
      <div ref={list} id={`${name}-list`} className={classes.list} role="listbox" aria-label="Found">
        {groups.map(([group, members]) => (
          <div key={group} role="group" aria-label={group}>
            <p className={classes.group} aria-hidden="true">
              {group}
            </p>
            {members.map((row) => {
              counted += 1
              const place = counted
              return (
                <div
                  key={row.id}
                  id={`${name}-${place}`}
                  data-at={place}
                  role="option"
                  tabIndex={-1}
                  aria-selected={place === at}
                  className={classes.row}
                  onMouseMove={() => setAt(place)}
                  onClick={(event) => open(row, event.metaKey || event.ctrlKey)}
                  onKeyDown={onKey}
                >
                  {row.state && <StateMark state={row.state} size={11} />}
                  <span className={classes.title}>{row.title}</span>
                  <span className={classes.note}>{row.note}</span>
                  {row.keys && <kbd>{written(row.keys)}</kbd>}
                </div>
              )
            })}
          </div>
        ))}
        {shown.length === 0 && (
          <p className={classes.none}>
            {found.isFetching || late !== typed ? "Looking…" : `Nothing is called “${text}”.`}
          </p>
        )}
      </div>
      <p className={classes.foot}>
        <kbd>@</kbd> assets <kbd>#</kbd> runs <kbd>&gt;</kbd> commands
        <span>
          <kbd>↵</kbd> opens <kbd>{written("mod+Enter")}</kbd> in a new tab
        </span>
      </p>
    </Modal>
  )
}
