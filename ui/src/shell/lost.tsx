import { Link, useLocation } from "@tanstack/react-router"
import { Empty } from "@/parts/empty"
import { Page } from "./page"

/** What an address without a page shows. */
export function Lost() {
  const { pathname } = useLocation()
  return (
    <Page title="No such page">
      <Empty title={`There is nothing at ${pathname}.`}>
        Go to <Link to="/">Now</Link>, or press Ctrl K and type the name of what you look for.
      </Empty>
    </Page>
  )
}
