import { LaunchHost } from "@/parts/launch"
import { Help } from "./help"
import { Palette } from "./palette"
import { useDialogs } from "./palette-state"

/** The dialogs that every page has. */
export function Dialogs() {
  const { palette, help } = useDialogs()
  return (
    <>
      <LaunchHost />
      {palette && <Palette onClose={() => useDialogs.setState({ palette: false })} />}
      {help && <Help onClose={() => useDialogs.setState({ help: false })} />}
    </>
  )
}
