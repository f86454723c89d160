import { ActionIcon, Tooltip } from "@mantine/core"
import { Columns2, Rows2 } from "lucide-react"
import { Fragment, type ReactNode, useMemo } from "react"
import { create } from "zustand"
import { persist } from "zustand/middleware"
import classes from "./code.module.css"
import { counted, type DiffLine, diffLines, type Hunk, hunksOf, pairsOf, readPatch } from "./diff"
import type { Language, Token } from "./highlight"
import { Coloured, CopyCode, useTokens } from "./index"

/** Whether diffs are side by side: one choice for all of them, kept by the browser. */
const useSplit = create<{ split: boolean }>()(
  persist(() => ({ split: false }) as { split: boolean }, { name: "weft-diff" }),
)

interface DiffViewProps {
  readonly before: string
  readonly after: string
  readonly language?: Language
  readonly title?: ReactNode
  /** How the two are called: `run 84516d53`, `now`. */
  readonly names?: readonly [before: string, after: string]
}

/** What differs between two texts, with colours, in one column or side by side. */
export function DiffView({ before, after, language = "text", title, names }: DiffViewProps) {
  const hunks = useMemo(() => hunksOf(diffLines(before, after)), [before, after])
  const old = useTokens(before, language)
  const fresh = useTokens(after, language)
  return (
    <Hunks
      hunks={hunks}
      title={title}
      names={names}
      copied={after}
      coloured={(line) =>
        (line.kind === "removed" ? old?.[(line.before ?? 0) - 1] : fresh?.[(line.after ?? 0) - 1]) ?? null
      }
    />
  )
}

interface PatchViewProps {
  /** A unified diff, as the API gives it. */
  readonly patch: string
  readonly title?: ReactNode
  readonly names?: readonly [before: string, after: string]
}

/** A unified diff of the API. */
export function PatchView({ patch, title, names }: PatchViewProps) {
  const hunks = useMemo(() => readPatch(patch), [patch])
  return <Hunks hunks={hunks} title={title} names={names} copied={patch} coloured={() => null} />
}

interface HunksProps {
  readonly hunks: readonly Hunk[]
  readonly title?: ReactNode
  readonly names?: readonly [before: string, after: string] | undefined
  readonly copied: string
  readonly coloured: (line: DiffLine) => readonly Token[] | null
}

function Hunks({ hunks, title, names, copied, coloured }: HunksProps) {
  const split = useSplit((state) => state.split)
  const { added, removed } = counted(hunks)
  return (
    <figure className={classes.box}>
      <figcaption className={classes.bar}>
        <span className={classes.title}>{title}</span>
        <span className={classes.note}>
          <span className={classes.plus}>+{added}</span> <span className={classes.minus}>−{removed}</span>
          {names && ` · ${names[0]} → ${names[1]}`}
        </span>
        <span className={classes.tools}>
          <Tooltip label={split ? "One column" : "Side by side"}>
            <ActionIcon
              size="sm"
              aria-label={split ? "Show in one column" : "Show side by side"}
              onClick={() => useSplit.setState({ split: !split })}
            >
              {split ? <Rows2 size={13} /> : <Columns2 size={13} />}
            </ActionIcon>
          </Tooltip>
          <CopyCode text={copied} />
        </span>
      </figcaption>
      {hunks.length === 0 ? (
        <p className={classes.same}>No differences.</p>
      ) : (
        <section
          className={classes.scroll}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          tabIndex={0}
          aria-label={typeof title === "string" ? `Differences in ${title}` : "Differences"}
        >
          <div className={split ? undefined : classes.lines}>
            {hunks.map((hunk, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: hunks have no other name than their place
              <Fragment key={at}>
                {hunk.skipped > 0 && (
                  <p className={classes.skip}>
                    {hunk.skipped} {hunk.skipped === 1 ? "line" : "lines"} without changes
                  </p>
                )}
                {split ? (
                  <Split hunk={hunk} coloured={coloured} />
                ) : (
                  <Unified hunk={hunk} coloured={coloured} />
                )}
              </Fragment>
            ))}
          </div>
        </section>
      )}
    </figure>
  )
}

type Part = Pick<HunksProps, "coloured"> & { readonly hunk: Hunk }

const SIGN = { added: "+", removed: "−", same: "" }

function toned(kind: DiffLine["kind"]): string {
  return kind === "same" ? "" : ` ${classes[kind]}`
}

function Unified({ hunk, coloured }: Part) {
  return hunk.lines.map((line, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place
    <div key={at} className={`${classes.change}${toned(line.kind)}`}>
      <span className={classes.number}>{line.before}</span>
      <span className={classes.number}>{line.after}</span>
      <span className={classes.sign}>{SIGN[line.kind]}</span>
      <Coloured line={coloured(line) ?? [{ text: line.text }]} />
    </div>
  ))
}

function Split({ hunk, coloured }: Part) {
  return (
    <div className={classes.lines}>
      {pairsOf(hunk.lines).map((pair, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place
        <div key={at} className={classes.split}>
          {pair.map((line, side) => (
            <div
              // biome-ignore lint/suspicious/noArrayIndexKey: left and right
              key={side}
              className={`${classes.side}${line ? toned(line.kind) : ` ${classes.none}`}`}
            >
              <span className={classes.number}>{side === 0 ? line?.before : line?.after}</span>
              {line && <Coloured line={coloured(line) ?? [{ text: line.text }]} />}
            </div>
          ))}
        </div>
      ))}
    </div>
  )
}
