import { defaultKeymap, history, historyKeymap } from "@codemirror/commands"
import { yaml } from "@codemirror/lang-yaml"
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language"
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint"
import { Annotation, EditorState, Transaction } from "@codemirror/state"
import { drawSelection, EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view"
import { tags } from "@lezer/highlight"
import { useEffect, useRef } from "react"
import type { YamlFieldProps } from "./yaml-field"
import classes from "./yaml-field.module.css"

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent-ink)" },
  { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--fresh-ink)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--late-ink)" },
  { tag: tags.punctuation, color: "var(--dim)" },
])

/** A change that came from outside, so that it is not told back. */
const fromOutside = Annotation.define<boolean>()

function nonce(): string {
  return document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? ""
}

/** The editor itself, apart so that CodeMirror is loaded only where one is shown. */
export default function YamlFieldEditor({
  label,
  value,
  onChange,
  problem,
  placeholder: hint,
}: YamlFieldProps) {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const latest = useRef({ onChange, value })
  latest.current = { onChange, value }

  useEffect(() => {
    if (place.current === null) return undefined
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          lineNumbers(),
          history(),
          drawSelection(),
          lintGutter(),
          indentUnit.of("  "),
          yaml(),
          syntaxHighlighting(colours),
          // Tab leaves the field, as in any other
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.contentAttributes.of({ "aria-label": label }),
          hint ? placeholder(hint) : [],
          EditorView.updateListener.of((update) => {
            const own = update.transactions.some((each) => each.annotation(fromOutside))
            if (update.docChanged && !own) latest.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = editor
    return () => {
      view.current = null
      editor.destroy()
    }
  }, [label, hint])

  useEffect(() => {
    const editor = view.current
    if (editor === null) return
    const before = editor.state.doc.toString()
    if (before === value) return
    // only what differs is replaced, so that the cursor and the scroll position stay
    let start = 0
    while (start < before.length && start < value.length && before[start] === value[start]) start += 1
    let end = 0
    while (
      end < before.length - start &&
      end < value.length - start &&
      before[before.length - 1 - end] === value[value.length - 1 - end]
    )
      end += 1
    editor.dispatch({
      changes: { from: start, to: before.length - end, insert: value.slice(start, value.length - end) },
      annotations: [fromOutside.of(true), Transaction.addToHistory.of(true)],
    })
  }, [value])

  useEffect(() => {
    const editor = view.current
    if (editor === null) return
    const length = editor.state.doc.length
    const found: Diagnostic[] = problem
      ? [
          {
            from: Math.min(problem.from, length),
            to: Math.min(Math.max(problem.to, problem.from), length),
            severity: "error",
            message: problem.problem,
          },
        ]
      : []
    editor.dispatch(setDiagnostics(editor.state, found))
  }, [problem])

  return <div ref={place} className={classes.editor} />
}
