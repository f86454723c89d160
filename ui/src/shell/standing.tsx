import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core"
import { Clock, Keyboard, LogOut, Moon, Sun } from "lucide-react"
import { http } from "@/api/client"
import { useLink } from "@/api/live"
import { useClock, zoneName } from "@/parts/clock"
import { StateMark } from "@/parts/state-mark"
import { useMe } from "./door"
import { openHelp } from "./palette-state"
import classes from "./standing.module.css"

const SAID = { live: "Live", connecting: "Connecting", lost: "The server is away" }
const MARK = { live: "fresh", connecting: "waiting", lost: "failed" }

/** At the foot of the sidebar: whether what is shown is live, who one is, and how times and colours are shown. */
export function Standing() {
  const state = useLink((link) => link.state)
  const me = useMe()
  const { mode, zone } = useClock()
  const { toggleColorScheme } = useMantineColorScheme()
  const out = async () => {
    await http.DELETE("/api/v1/session")
    location.reload()
  }
  return (
    <div className={classes.standing}>
      <p className={classes.line} role="status">
        <StateMark state={MARK[state]} size={10} label="" />
        {SAID[state]}
      </p>
      <div className={classes.tools}>
        <Menu position="top-start" width={230}>
          <Menu.Target>
            <button type="button" className={classes.clock} title="How times are shown">
              <Clock size={13} aria-hidden="true" />
              {mode === "relative" ? "relative" : zoneName(zone)}
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>Times</Menu.Label>
            <Menu.Item onClick={() => useClock.setState({ mode: "relative" })}>Relative: 5 min ago</Menu.Item>
            {["local", "UTC"].map((each) => (
              <Menu.Item key={each} onClick={() => useClock.setState({ mode: "absolute", zone: each })}>
                {zoneName(each)}
                {each === "local" ? " (this browser)" : ""}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <span className={classes.icons}>
          <ActionIcon
            size={24}
            onClick={() => toggleColorScheme()}
            aria-label="Switch between light and dark"
          >
            <Sun size={14} className={classes.light} />
            <Moon size={14} className={classes.dark} />
          </ActionIcon>
          <ActionIcon size={24} onClick={openHelp} aria-label="Show all keys">
            <Keyboard size={14} />
          </ActionIcon>
          {me?.kind === "session" && (
            <ActionIcon size={24} onClick={() => void out()} aria-label={`Log out ${me.name}`}>
              <LogOut size={14} />
            </ActionIcon>
          )}
        </span>
      </div>
    </div>
  )
}
