/**
 * Everything that can be done by a key or from the palette, in one registry: the shell's own commands, and those of the
 * page that is shown. The palette, the list of keys (`?`) and the keyboard all read it.
 */
import { useEffect } from "react"
import { create } from "zustand"
import { isShut } from "./shut"

export interface Command {
  readonly id: string
  readonly title: string
  /** Under which title it stands: "Go to", "This run", "View". */
  readonly group: string
  /** `g n` (one after the other), `mod+k`, `?`, `Escape`. `mod` is Ctrl, or Cmd on a Mac. */
  readonly keys?: string
  readonly run: () => void
  /** Other words that find it. */
  readonly words?: string
  /** Works while the focus is in a field, too. */
  readonly everywhere?: boolean
}

interface Registry {
  readonly sets: ReadonlyMap<symbol, readonly Command[]>
}

export const useRegistry = create<Registry>(() => ({ sets: new Map() }))

/** All commands at present; of two with the same id that of the page counts, which came later. */
export function commandsOf(sets: Registry["sets"]): readonly Command[] {
  return [...new Map([...sets.values()].flat().map((each) => [each.id, each])).values()]
}

/** Offer commands while the component is shown. `commands` must be kept by useMemo. */
export function useCommands(commands: readonly Command[]): void {
  useEffect(() => {
    const name = Symbol()
    useRegistry.setState(({ sets }) => ({ sets: new Map(sets).set(name, commands) }))
    return () => {
      useRegistry.setState(({ sets }) => {
        const left = new Map(sets)
        left.delete(name)
        return { sets: left }
      })
    }
  }, [commands])
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform)

const NAMES: Readonly<Record<string, string>> = {
  mod: isMac ? "⌘" : "Ctrl",
  shift: "⇧",
  Enter: "↵",
  Escape: "Esc",
}

/** Keys as people write them: `⌘K`, `Ctrl K`, `g n`. */
export function written(keys: string): string {
  return keys
    .split(" ")
    .map((stroke) =>
      stroke
        .split("+")
        .map((part, at) => NAMES[part] ?? (at > 0 ? part.toUpperCase() : part))
        .join(isMac ? "" : " "),
    )
    .join(" ")
}

/** Milliseconds in which the second key of a sequence must come. */
const SEQUENCE = 1200

/** Follow the keyboard; the function that is returned ends it. */
export function listen(): () => void {
  let before = ""
  let at = 0
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || isShut()) return
    const target = event.target as HTMLElement | null
    const typing =
      target?.closest("input, textarea, select, [contenteditable=true]") !== null && target !== null
    const mod = isMac ? event.metaKey : event.ctrlKey
    if (event.altKey || (!mod && (event.metaKey || event.ctrlKey))) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const stroke = mod ? `mod+${key}` : event.shiftKey && /^[a-z]$/.test(key) ? `shift+${key}` : key
    const sequence = Date.now() - at < SEQUENCE && before ? `${before} ${stroke}` : stroke
    const all = commandsOf(useRegistry.getState().sets)
    const dialog = document.querySelector("[role=dialog]") !== null
    for (const tried of sequence === stroke ? [stroke] : [sequence, stroke]) {
      const found = all.findLast((each) => each.keys === tried)
      if (found && (found.everywhere || (!typing && !dialog))) {
        event.preventDefault()
        before = ""
        found.run()
        return
      }
    }
    before = !typing && all.some((each) => each.keys?.startsWith(`${stroke} `)) ? stroke : ""
    at = Date.now()
  }
  window.addEventListener("keydown", onKey)
  return () => window.removeEventListener("keydown", onKey)
}
