import { type ReactNode, useLayoutEffect, useState } from "react"
import { createPortal } from "react-dom"
import classes from "./shut.module.css"

/** Where a key is pressed in an element with this attribute, Mantine's dialogs leave it alone. */
const KEEPS = "data-mantine-stop-propagation"

/** Over everything, dialogs too: what is below stays as it is, but is not seen and cannot be reached. */
export function Shut({ children }: { children: ReactNode }) {
  const [place] = useState(() => document.createElement("div"))
  useLayoutEffect(() => {
    const below = [...document.body.children].filter(
      (each): each is HTMLElement => each instanceof HTMLElement && !each.inert,
    )
    const focused = document.activeElement
    place.className = classes.shut ?? ""
    place.dataset.shut = ""
    document.body.append(place)
    for (const each of below) each.inert = true
    // a dialog below hears Escape wherever it is pressed, and would close
    const keep = (event: FocusEvent) =>
      event.target instanceof HTMLElement && event.target.setAttribute(KEEPS, "true")
    place.addEventListener("focusin", keep)
    document.body.setAttribute(KEEPS, "true")
    // what was to be focused as it was made stood in no document then
    place.querySelector<HTMLElement>("[data-autofocus]")?.focus()
    return () => {
      document.body.removeAttribute(KEEPS)
      place.remove()
      for (const each of below) each.inert = false
      if (focused instanceof HTMLElement) focused.focus()
    }
  }, [place])
  return createPortal(children, place)
}

/** Whether everything is shut: then keys do nothing. */
export function isShut(): boolean {
  return document.querySelector("[data-shut]") !== null
}
