import { Link } from "@tanstack/react-router"
import { Search } from "lucide-react"
import type { ReactNode } from "react"
import { written } from "./commands"
import classes from "./page.module.css"
import { openPalette } from "./palette-state"

interface PageProps {
  readonly title: string
  /** In place of the title in the heading, where it is more than text. */
  readonly heading?: ReactNode
  /** A line beside the title: the answer in short. */
  readonly sub?: ReactNode
  /** The pages above, from the widest: [["Runs", "/runs"]]. */
  readonly trail?: ReadonlyArray<readonly [title: string, path: string]>
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** Uses the whole width and height of the window, as graphs do. */
  readonly full?: boolean
}

/** A page: its title (which the tab has too), what it says in short, what can be done, and the content. */
export function Page({ title, heading, sub, trail, actions, children, full = false }: PageProps) {
  return (
    <div className={full ? `${classes.page} ${classes.full}` : classes.page}>
      <title>{`${title} · weft`}</title>
      <header className={classes.head}>
        <div className={classes.titles}>
          {trail && (
            <nav aria-label="Above" className={classes.trail}>
              {trail.map(([name, path], at) => (
                <span key={path}>
                  {at > 0 && <span aria-hidden="true"> / </span>}
                  <Link to={path}>{name}</Link>
                </span>
              ))}
            </nav>
          )}
          <div className={classes.line}>
            <h1>{heading ?? title}</h1>
            {sub !== undefined && <span className={classes.sub}>{sub}</span>}
          </div>
        </div>
        <div className={classes.actions}>
          {actions}
          <button
            type="button"
            className={classes.search}
            onClick={openPalette}
            aria-label="Search and commands"
          >
            <Search size={14} aria-hidden="true" />
            <kbd>{written("mod+k")}</kbd>
          </button>
        </div>
      </header>
      {children}
    </div>
  )
}
