/** Code as coloured tokens. The grammars are loaded when the first text of their language is shown. */
import type { HighlighterCore, LanguageInput } from "shiki/core"

export type Language = "python" | "sql" | "yaml" | "json" | "text"

export interface Token {
  readonly text: string
  /** A CSS colour (a variable of code-view.module.css), or none for plain text. */
  readonly color?: string
}

const GRAMMARS: Record<Exclude<Language, "text">, () => Promise<{ default: LanguageInput }>> = {
  python: () => import("@shikijs/langs/python"),
  sql: () => import("@shikijs/langs/sql"),
  yaml: () => import("@shikijs/langs/yaml"),
  json: () => import("@shikijs/langs/json"),
}
/** Longer texts stay plain: colours would cost more time than they save. */
const MOST = 200_000

let made: Promise<HighlighterCore> | undefined
const loaded = new Map<Language, Promise<void>>()

async function highlighter(): Promise<HighlighterCore> {
  const [{ createHighlighterCore, createCssVariablesTheme }, { createJavaScriptRegexEngine }] =
    await Promise.all([import("shiki/core"), import("shiki/engine/javascript")])
  return createHighlighterCore({
    themes: [createCssVariablesTheme({ name: "weft", variablePrefix: "--code-", fontStyle: false })],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  })
}

/** Lines of coloured tokens; null where the text stays plain. */
export async function tokensOf(
  code: string,
  language: Language,
): Promise<ReadonlyArray<readonly Token[]> | null> {
  if (language === "text" || code.length > MOST) return null
  made ??= highlighter()
  const core = await made
  let grammar = loaded.get(language)
  if (grammar === undefined) {
    grammar = GRAMMARS[language]().then((found) => core.loadLanguage(found.default))
    loaded.set(language, grammar)
  }
  await grammar
  return core
    .codeToTokens(code, { lang: language, theme: "weft" })
    .tokens.map((line) =>
      line.map((token) =>
        token.color && !token.color.includes("foreground")
          ? { text: token.content, color: token.color }
          : { text: token.content },
      ),
    )
}
