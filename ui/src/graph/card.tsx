import { StateMark } from "@/parts/state-mark"
import { stateOf } from "@/theme/states"
import classes from "./card.module.css"
import { lookOf } from "./change"
import { ChangeMark } from "./change-mark"
import { DETAIL, growth, nameSize, stripOf, titleSize } from "./paint"
import { CARD, type Item } from "./types"

/** A node as a card of the DOM; the canvas draws the same one. From far away only its name can be read. */
export function Card({ item, quiet, zoom }: { item: Item; quiet: boolean; zoom: number }) {
  const small = zoom < DETAIL.cards
  const grown = growth(zoom)
  const letters = small
    ? nameSize(zoom, item.name, CARD.width - 60)
    : titleSize(grown, item.name, CARD.width - (item.shape === "round" ? 62 : 50))
  const family = item.state === undefined ? undefined : stateOf(item.state).family
  const mark = small ? letters * 0.9 : 12 * grown
  const rest = [item.note, item.system, ...(item.chips ?? [])].filter(Boolean).join(" · ")
  const strip = stripOf(item)
  const border = item.hue !== undefined ? `var(--hue-${item.hue})` : undefined
  return (
    <div
      className={classes.card}
      data-family={family}
      data-round={item.shape === "round" || undefined}
      data-quiet={quiet || undefined}
      data-pile={item.folds !== undefined || undefined}
      data-small={small || undefined}
      data-change={item.change}
      style={border ? { borderColor: border } : undefined}
    >
      <div className={classes.line}>
        {item.change ? (
          <ChangeMark change={item.change} size={mark} />
        ) : (
          item.state && <StateMark state={item.state} size={mark} />
        )}
        <span className={classes.name} title={item.name} style={{ fontSize: letters }}>
          {item.name}
        </span>
        {item.more && (
          <span className={classes.more} title="It has neighbours that are not shown">
            …
          </span>
        )}
      </div>
      {!small && (item.state || item.stateWords || rest) && (
        <div className={classes.second} style={{ fontSize: 11.5 * grown }}>
          {item.state && <StateInk state={item.state} words={item.stateWords} />}
          {item.change && item.stateWords && (
            <span style={{ color: `var(--${lookOf(item.change).family}-ink)` }}>{item.stateWords}</span>
          )}
          {rest && (
            <span className={classes.rest} title={rest}>
              {rest}
            </span>
          )}
        </div>
      )}
      {!small && strip.length > 0 && (
        <svg className={classes.strip} viewBox="0 0 1000 5" preserveAspectRatio="none" aria-hidden="true">
          {bars(strip).map(({ state, x, width }) => {
            const tone = stateOf(state).family
            const pale = tone === "fresh" || tone === "missing"
            return (
              <rect
                key={`${state} ${x}`}
                x={x}
                width={width}
                height="5"
                fill={`var(--${tone}${pale ? "-soft" : ""})`}
              />
            )
          })}
        </svg>
      )}
    </div>
  )
}

function StateInk({ state, words }: { state: string; words: string | undefined }) {
  const { family, label } = stateOf(state)
  return <span style={{ color: `var(--${family}-ink)` }}>{words ?? label}</span>
}

function bars(
  strip: ReadonlyArray<readonly [string, number]>,
): Array<{ state: string; x: number; width: number }> {
  const total = strip.reduce((sum, [, count]) => sum + count, 0)
  let x = 0
  return strip.map(([state, count]) => {
    const wide = (1000 * count) / total
    const bar = { state, x, width: Math.max(wide - 2, 10) }
    x += wide
    return bar
  })
}
