import { createElement, Fragment, type ReactNode, useMemo } from "react"
import classes from "./markdown-view.module.css"

/** Elements that are shown as they are; of others only what is in them. */
const SHOWN = new Set(
  "p h1 h2 h3 h4 h5 h6 ul ol li strong em b i del code pre blockquote hr br table thead tbody tr th td a img".split(
    " ",
  ),
)
/** What has no words for people. */
const DROPPED = new Set(["script", "style", "template", "iframe", "object", "embed", "svg", "math", "head"])

/**
 * HTML that the server made of markdown, as elements of the page, so that it has its type and colours.
 *
 * What is not on the list never comes to be: no scripts, no styles, no handlers, no addresses but of the web.
 */
export function MarkdownView({ html }: { html: string }) {
  const content = useMemo(() => elementsOf(html), [html])
  return <div className={classes.markdown}>{content}</div>
}

export function elementsOf(html: string): ReactNode {
  const body = new DOMParser().parseFromString(html, "text/html").body
  return [...body.childNodes].map(nodeOf)
}

function nodeOf(node: Node, at: number): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent
  if (!(node instanceof Element)) return null
  const name = node.tagName.toLowerCase()
  if (DROPPED.has(name)) return null
  const children = [...node.childNodes].map(nodeOf)
  if (!SHOWN.has(name)) return createElement(Fragment, { key: at }, ...children)
  if (name === "hr" || name === "br") return createElement(name, { key: at })
  if (name === "a") {
    const href = webAddress(node.getAttribute("href"))
    return href
      ? createElement(
          "a",
          { key: at, href, target: "_blank", rel: "noopener noreferrer nofollow" },
          ...children,
        )
      : createElement("span", { key: at }, ...children)
  }
  if (name === "img") {
    const source = node.getAttribute("src") ?? ""
    const alt = node.getAttribute("alt") ?? ""
    // pictures from elsewhere would tell who looks at them
    return /^data:image\/(png|jpeg|gif|webp);/.test(source)
      ? createElement("img", { key: at, src: source, alt })
      : alt
  }
  return createElement(name, { key: at }, ...children)
}

/** An address that a link may lead to; undefined for any other. */
export function webAddress(address: string | null): string | undefined {
  return address && /^(https?:|mailto:)/i.test(address.trim()) ? address.trim() : undefined
}
