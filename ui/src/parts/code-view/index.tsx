import { ActionIcon, CopyButton, Tooltip } from "@mantine/core"
import { Check, Copy } from "lucide-react"
import { memo, type ReactNode, useEffect, useState } from "react"
import classes from "./code.module.css"
import { type Language, type Token, tokensOf } from "./highlight"

export { DiffView, PatchView } from "./diff-view"
export type { Language } from "./highlight"

interface CodeViewProps {
  readonly code: string
  readonly language?: Language
  /** What it is: a function's name, a file. */
  readonly title?: ReactNode
  readonly note?: ReactNode
  /** The number of the first line. */
  readonly from?: number
  /** A height in CSS from which it scrolls. */
  readonly height?: string
  /** For screen readers, where the title is not text. */
  readonly label?: string
}

/** Lines of their own up to so many; of more, thousands of elements would stand for nobody to read. */
const MOST_LINES = 3000

/** Code to be read: coloured, with line numbers, copied by a button. Plain until its grammar is loaded. */
export function CodeView(props: CodeViewProps) {
  const { code, language = "text", title, note, from = 1, height, label } = props
  const shown = code.replace(/\n$/, "")
  const tokens = useTokens(shown, language)
  const lines = tokens ?? shown.split("\n").map((text) => [{ text }])
  const isLong = lines.length > MOST_LINES
  return (
    <figure className={classes.box}>
      <figcaption className={classes.bar}>
        <span className={classes.title}>{title ?? language}</span>
        {note !== undefined && <span className={classes.note}>{note}</span>}
        <span className={classes.tools}>
          <CopyCode text={code} />
        </span>
      </figcaption>
      <section
        className={classes.scroll}
        style={{ maxHeight: height }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        tabIndex={0}
        aria-label={label ?? (typeof title === "string" ? `Code of ${title}` : "Code")}
      >
        {isLong ? (
          <pre className={classes.plain}>{shown}</pre>
        ) : (
          <div className={classes.lines}>
            {lines.map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines are told apart by their number alone
              <div key={at} className={classes.line}>
                <span className={classes.number}>{from + at}</span>
                <Coloured line={line} />
              </div>
            ))}
          </div>
        )}
      </section>
    </figure>
  )
}

/** The tokens of a text, null until they are known. */
export function useTokens(code: string, language: Language): ReadonlyArray<readonly Token[]> | null {
  const [found, setFound] = useState<{ code: string; tokens: ReadonlyArray<readonly Token[]> | null } | null>(
    null,
  )
  useEffect(() => {
    let wanted = true
    tokensOf(code, language).then(
      (tokens) => wanted && setFound({ code, tokens }),
      // a grammar that cannot be loaded (the server is away) leaves the text plain, which is readable
      () => wanted && setFound({ code, tokens: null }),
    )
    return () => {
      wanted = false
    }
  }, [code, language])
  return found?.code === code ? found.tokens : null
}

/** One line of tokens. */
export const Coloured = memo(function Coloured({ line }: { line: readonly Token[] }) {
  let at = 0
  return (
    <code className={classes.text}>
      {line.map((token) => {
        at += token.text.length
        return (
          <span key={at} style={token.color ? { color: token.color } : undefined}>
            {token.text}
          </span>
        )
      })}
    </code>
  )
})

export function CopyCode({ text }: { text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : "Copy"}>
          <ActionIcon size="sm" onClick={copy} aria-label={copied ? "Copied" : "Copy"}>
            {copied ? <Check size={13} /> : <Copy size={13} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}
