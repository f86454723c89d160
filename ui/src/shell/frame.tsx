import { useMantineColorScheme } from "@mantine/core"
import { Outlet, useRouter } from "@tanstack/react-router"
import { useEffect, useMemo } from "react"
import { useClock } from "@/parts/clock"
import { type Command, listen, useCommands } from "./commands"
import { Dialogs } from "./dialogs"
import classes from "./frame.module.css"
import { openHelp, openPalette } from "./palette-state"
import { usePlaces } from "./places"
import { Sidebar } from "./sidebar"

/** What stands around every page: the sidebar, the palette, the keyboard. */
export function Frame() {
  const router = useRouter()
  const { toggleColorScheme } = useMantineColorScheme()
  const shown = usePlaces()
  useEffect(listen, [])
  const commands = useMemo<readonly Command[]>(
    () => [
      {
        id: "palette",
        title: "Search, or do anything",
        group: "General",
        keys: "mod+k",
        run: openPalette,
        everywhere: true,
      },
      { id: "help", title: "Show all keys", group: "General", keys: "?", run: openHelp },
      {
        id: "scheme",
        title: "Switch between light and dark",
        group: "View",
        keys: "shift+d",
        run: toggleColorScheme,
      },
      {
        id: "clock",
        title: "Switch between relative and absolute times",
        group: "View",
        keys: "shift+t",
        run: () => useClock.setState(({ mode }) => ({ mode: mode === "relative" ? "absolute" : "relative" })),
      },
      {
        id: "zone",
        title: "Switch between local time and UTC",
        group: "View",
        keys: "shift+z",
        run: () =>
          useClock.setState(({ zone }) => ({ zone: zone === "UTC" ? "local" : "UTC", mode: "absolute" })),
      },
      ...shown.flatMap(({ places }) =>
        places.map(({ path, title, letter }) => ({
          id: `go:${path}`,
          title,
          group: "Go to",
          keys: `g ${letter}`,
          run: () => void router.navigate({ to: path }),
        })),
      ),
    ],
    [router, shown, toggleColorScheme],
  )
  useCommands(commands)
  return (
    <div className={classes.frame}>
      {/* no link: with a <base>, "#main" would lead to the first page */}
      <button type="button" className={classes.skip} onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <Sidebar />
      <main id="main" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Dialogs />
    </div>
  )
}
