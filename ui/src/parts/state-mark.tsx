import { type Shape, stateOf } from "@/theme/states"
import classes from "./state-mark.module.css"

interface MarkProps {
  readonly state: string
  readonly size?: number
  /** What a screen reader says; without it the state's word. Empty where words stand beside the mark. */
  readonly label?: string
}

/** A state as a shape in its colour. */
export function StateMark({ state, size = 12, label }: MarkProps) {
  const { family, shape, label: word } = stateOf(state)
  const said = label ?? word
  return (
    <svg
      className={classes.mark}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      style={{ color: `var(--${family})` }}
      role={said ? "img" : undefined}
      aria-label={said || undefined}
      aria-hidden={said ? undefined : true}
    >
      {drawn(shape)}
    </svg>
  )
}

function drawn(shape: Shape) {
  switch (shape) {
    case "disc":
      return <circle cx="6" cy="6" r="4.6" fill="currentColor" />
    case "double":
      return (
        <g fill="none" stroke="currentColor" strokeWidth="1.4">
          <circle cx="6" cy="6" r="4.6" />
          <circle cx="6" cy="6" r="1.6" fill="currentColor" />
        </g>
      )
    case "triangle":
      return <path d="M6 .8 11.6 11H.4z" fill="currentColor" />
    case "square":
      return (
        <rect
          x="1.7"
          y="1.7"
          width="8.6"
          height="8.6"
          rx="1"
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
        />
      )
    case "ring":
      return <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" strokeWidth="1.7" />
    case "half":
      return (
        <g>
          <circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" strokeWidth="1.6" />
          <path d="M6 1.6a4.4 4.4 0 0 1 0 8.8z" fill="currentColor" />
        </g>
      )
    case "diamond":
      return <path d="M6 .9 11.1 6 6 11.1.9 6z" fill="none" stroke="currentColor" strokeWidth="1.8" />
    case "dashed":
      return (
        <circle
          cx="6"
          cy="6"
          r="4.4"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeDasharray="2.3 2.3"
        />
      )
    case "arc":
      return (
        <g fill="none" strokeWidth="2">
          <circle cx="6" cy="6" r="4.4" stroke="currentColor" opacity=".28" />
          <path
            className={classes.turning}
            d="M6 1.6A4.4 4.4 0 0 1 10.4 6"
            stroke="currentColor"
            strokeLinecap="round"
          />
        </g>
      )
    case "dash":
      return <path d="M2 6h8" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    case "cross":
      return (
        <path
          d="m2.4 2.4 7.2 7.2m0-7.2-7.2 7.2"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
        />
      )
    case "bars":
      return <path d="M4 2.2v7.6M8 2.2v7.6" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
  }
}

/** A state as a mark with its word. */
export function StateWord({ state, children }: { state: string; children?: React.ReactNode }) {
  const { family, label } = stateOf(state)
  return (
    <span className={classes.word} style={{ color: `var(--${family}-ink)` }}>
      <StateMark state={state} label="" />
      <span>{children ?? label}</span>
    </span>
  )
}
