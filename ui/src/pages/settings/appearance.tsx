import { type MantineColorScheme, SegmentedControl, Select, useMantineColorScheme } from "@mantine/core"
import { type Clock, short, useClock, zoneName } from "@/parts/clock"
import { Panel } from "@/parts/panel"
import { Facts } from "./facts"

const ZONES = ["local", "UTC", ...Intl.supportedValuesOf("timeZone").filter((each) => each !== "UTC")]

/** How the screen looks in this browser. */
export function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const { mode, zone } = useClock()
  return (
    <Panel>
      <Facts
        facts={[
          [
            "Colours",
            <SegmentedControl
              key="scheme"
              aria-label="Colours"
              value={colorScheme}
              onChange={(value) => setColorScheme(value as MantineColorScheme)}
              data={[
                { value: "auto", label: "As the system" },
                { value: "light", label: "Light" },
                { value: "dark", label: "Dark" },
              ]}
            />,
          ],
          [
            "Times",
            <SegmentedControl
              key="mode"
              aria-label="Times"
              value={mode}
              onChange={(value) => useClock.setState({ mode: value as Clock["mode"] })}
              data={[
                { value: "relative", label: "5 min ago" },
                { value: "absolute", label: short(new Date(), zone) },
              ]}
            />,
          ],
          [
            "Zone",
            <Select
              key="zone"
              aria-label="Zone"
              w={280}
              searchable
              allowDeselect={false}
              value={zone}
              onChange={(value) => value && useClock.setState({ zone: value })}
              data={ZONES.map((each) => ({
                value: each,
                label: each === "local" ? `${zoneName("local")} (this browser)` : each,
              }))}
            />,
            "Partitions keep the zone that they are cut in; a time's title has it in UTC, too.",
          ],
        ]}
      />
    </Panel>
  )
}
