import { ActionIcon } from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import { Link, useLocation } from "@tanstack/react-router"
import { Menu as MenuIcon, X } from "lucide-react"
import { useEffect } from "react"
import { api } from "@/api/client"
import { Logo } from "./logo"
import { usePlaces } from "./places"
import classes from "./sidebar.module.css"
import { Standing } from "./standing"

/** Where one can go, and at its foot how the server stands and how times are shown. */
export function Sidebar() {
  const { pathname } = useLocation()
  const [open, { toggle, close }] = useDisclosure(false)
  const counts = useCounts()
  const shown = usePlaces()
  // biome-ignore lint/correctness/useExhaustiveDependencies: closes when another page is shown
  useEffect(close, [pathname])
  return (
    <header className={classes.sidebar} data-open={open || undefined}>
      <div className={classes.head}>
        <Link to="/" aria-label="weft: Now">
          <Logo />
        </Link>
        <ActionIcon className={classes.toggle} onClick={toggle} aria-label="Pages" aria-expanded={open}>
          {open ? <X size={18} /> : <MenuIcon size={18} />}
        </ActionIcon>
      </div>
      <nav aria-label="Pages" className={classes.places}>
        {shown.map(({ title, places }) => (
          <div key={title} className={classes.group}>
            {title && <p>{title}</p>}
            {places.map(({ path, title: name, icon: Icon }) => {
              const here =
                path === "/" ? pathname === "/" : pathname === path || pathname.startsWith(`${path}/`)
              return (
                <Link
                  key={path}
                  to={path}
                  className={classes.place}
                  data-here={here || undefined}
                  aria-current={here ? "page" : undefined}
                >
                  <Icon size={15} strokeWidth={1.8} aria-hidden="true" />
                  <span>{name}</span>
                  {counts[path] ? <i data-bad={path === "/" || undefined}>{counts[path]}</i> : null}
                </Link>
              )
            })}
          </div>
        ))}
      </nav>
      <Standing />
    </header>
  )
}

/** Numbers beside the pages' names: only what wants to be looked at. */
function useCounts(): Record<string, number> {
  const now = api.useQuery("get", "/api/v1/now").data
  if (now === undefined) return {}
  return {
    "/": now.counts.broken,
    "/runs": now.totals.running ?? 0,
    "/queue": now.totals.waiting ?? 0,
    "/incidents": now.people.filter((each) => each.kind === "incident").length,
  }
}
