/**
 * The theme's colours where people force colours of their own (high contrast): canvases are left as they are by the
 * browser then, so they take the system's colours themselves. Few are left, and shapes tell the states apart; what is
 * well is drawn grey, so that trouble still stands out from far away.
 */
import type { Token } from "./palette"

const SYSTEM: Readonly<Partial<Record<Token, string>>> = {
  bg: "Canvas",
  panel: "Canvas",
  sunken: "Canvas",
  hover: "Canvas",
  "accent-soft": "Canvas",
  "on-accent": "HighlightText",
  accent: "Highlight",
  focus: "Highlight",
  line: "GrayText",
  "line-strong": "CanvasText",
  "fresh-soft": "GrayText",
  missing: "GrayText",
  waiting: "GrayText",
  stale: "LinkText",
  late: "LinkText",
  blocked: "VisitedText",
  running: "Highlight",
}
const HUES = ["CanvasText", "LinkText", "VisitedText", "Highlight"]

/** Whether colours are forced, and how to hear of a change. */
export const forced = matchMedia("(forced-colors: active)")

/** The system's colour in the place of one of ours, as CSS names it. */
export function systemColour(token: Token): string {
  const hue = /^hue-(\d+)$/.exec(token)
  if (hue) return HUES[Number(hue[1]) % HUES.length] ?? "CanvasText"
  return SYSTEM[token] ?? (token.endsWith("-soft") ? "Canvas" : "CanvasText")
}

/** What a system colour is at present: a canvas does not know it by its name in every browser. */
export function resolved(colour: string): string {
  const probe = document.createElement("span")
  probe.style.color = colour
  probe.hidden = true
  document.body.append(probe)
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}
