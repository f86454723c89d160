import { lookOf } from "./change"
import type { Change } from "./types"

interface ChangeMarkProps {
  readonly change: Change
  readonly size?: number
  /** What a screen reader says; without it the change's word. Empty where words stand beside the mark. */
  readonly label?: string
}

/** What became of something from one version to another, as a sign in its colour. */
export function ChangeMark({ change, size = 13, label }: ChangeMarkProps) {
  const { family, sign, word } = lookOf(change)
  const said = label ?? word
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 12 12"
      style={{ flex: "none" }}
      role={said ? "img" : undefined}
      aria-label={said || undefined}
      aria-hidden={said ? undefined : true}
    >
      <ChangeFigure sign={sign} family={family} />
    </svg>
  )
}

/** The mark itself, for where an SVG is already. */
export function ChangeFigure({ sign, family }: { sign: string; family: string }) {
  if (sign === "") return <circle cx="6" cy="6" r="1.8" fill="var(--line-strong)" />
  return (
    <>
      <rect width="12" height="12" rx="3" fill={`var(--${family})`} />
      <path d={sign} fill="none" stroke="var(--panel)" strokeWidth="1.8" strokeLinecap="round" />
    </>
  )
}
