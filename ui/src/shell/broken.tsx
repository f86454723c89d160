import type { ErrorComponentProps } from "@tanstack/react-router"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { Panel } from "@/parts/panel"
import { Page } from "./page"

/** What stands in place of a page that can't be drawn. */
export function Broken({ error }: ErrorComponentProps) {
  const problem = asProblem(error)
  return (
    <Page title="This page can't be shown">
      <Panel>
        <Refusal problem={problem} retry={() => location.reload()} />
      </Panel>
    </Page>
  )
}

const RELOADED = "weft-reloaded"
/** Milliseconds in which a page is loaded anew at most once. */
const ONCE_IN = 30_000

/** A page's code is gone where weft was updated while the browser was open: load the new one. */
export function loadAnewAfterAnUpdate(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0) < ONCE_IN) return
    event.preventDefault()
    sessionStorage.setItem(RELOADED, String(Date.now()))
    location.reload()
  })
}
