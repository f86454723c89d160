import { ActionIcon, Tooltip } from "@mantine/core"
import { Maximize, Minus, Plus } from "lucide-react"
import classes from "./graph.module.css"

interface ControlsProps {
  readonly onIn: () => void
  readonly onOut: () => void
  readonly onAll: () => void
}

/** Zoom by buttons. */
export function Controls({ onIn, onOut, onAll }: ControlsProps) {
  const buttons = [
    { name: "Nearer", key: "+", icon: <Plus size={14} />, run: onIn },
    { name: "Farther", key: "−", icon: <Minus size={14} />, run: onOut },
    { name: "Show all", key: "0", icon: <Maximize size={13} />, run: onAll },
  ]
  return (
    <div className={classes.controls} role="toolbar" aria-label="Zoom" aria-orientation="vertical">
      {buttons.map(({ name, key, icon, run }) => (
        <Tooltip key={name} label={`${name} (${key})`} position="right">
          <ActionIcon size={24} onClick={run} aria-label={name}>
            {icon}
          </ActionIcon>
        </Tooltip>
      ))}
    </div>
  )
}
