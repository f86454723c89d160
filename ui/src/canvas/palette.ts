/** The theme's colours and fonts for canvases, which cannot read CSS variables themselves. */
import type { Family } from "@/theme/states"
import { forced, resolved, systemColour } from "./forced"

type Plain =
  | "bg"
  | "panel"
  | "sunken"
  | "hover"
  | "ink"
  | "dim"
  | "faint"
  | "line"
  | "line-strong"
  | "accent"
  | "accent-soft"
  | "accent-ink"
  | "on-accent"
  | "focus"
  | "font"
  | "mono"

/** A variable of tokens.css, without its dashes. */
export type Token = Plain | Family | `${Family}-soft` | `${Family}-ink` | `hue-${number}`

/** What a variable is in the theme that is shown. */
export type Palette = (token: Token) => string

let current: Palette | null = null
const listeners = new Set<() => void>()
let watching = false

function read(): Palette {
  const style = getComputedStyle(document.documentElement)
  const known = new Map<Token, string>()
  return (token) => {
    let value = known.get(token)
    if (value === undefined) {
      const isColour = token !== "font" && token !== "mono"
      value =
        forced.matches && isColour
          ? resolved(systemColour(token))
          : style.getPropertyValue(`--${token}`).trim()
      known.set(token, value)
    }
    return value
  }
}

/** The colours at present. It is another function after each switch of the theme, or of forced colours. */
export function palette(): Palette {
  current ??= read()
  return current
}

/** Call `heard` after each switch between light, dark and forced colours; the function that is returned ends it. */
export function onPalette(heard: () => void): () => void {
  if (!watching) {
    watching = true
    const changed = () => {
      current = null
      for (const each of listeners) each()
    }
    new MutationObserver(changed).observe(document.documentElement, {
      attributeFilter: ["data-mantine-color-scheme"],
    })
    forced.addEventListener("change", changed)
  }
  listeners.add(heard)
  return () => listeners.delete(heard)
}

/** A font for `context.font`: `font(palette, 12, 600)`. */
export function font(colours: Palette, size: number, weight = 400, family: "font" | "mono" = "font"): string {
  return `${weight} ${size}px ${colours(family)}`
}
