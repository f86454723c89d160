import { render } from "@testing-library/react"
import { describe, expect, it } from "vitest"
import { MarkdownView, webAddress } from "./markdown-view"

const shown = (html: string) => render(<MarkdownView html={html} />).container

describe("markdown of others", () => {
  it("is shown with its headings, tables and links", () => {
    const page = shown(
      '<h1>Sales</h1><table><tbody><tr><td>1</td></tr></tbody></table><a href="https://a.b">x</a>',
    )
    expect(page.querySelector("h1")?.textContent).toBe("Sales")
    expect(page.querySelector("td")?.textContent).toBe("1")
    expect(page.querySelector("a")?.getAttribute("rel")).toContain("noopener")
  })

  it("runs and loads nothing", () => {
    const page = shown(
      '<script>alert(1)</script><style>*{}</style><p onclick="alert(1)" style="color:red">a</p>' +
        '<a href="javascript:alert(1)">b</a><img src="https://spy.example/x.png" alt="c"><iframe></iframe>' +
        "<form><button>d</button></form>",
    )
    expect(page.querySelector("script, style, iframe, img, form, button, a")).toBeNull()
    expect(page.querySelector("p")?.attributes).toHaveLength(0)
    expect(page.textContent).toBe("abcd")
  })

  it("leads to the web alone", () => {
    expect(webAddress("https://a.b/c")).toBe("https://a.b/c")
    expect(webAddress(" javascript:alert(1)")).toBeUndefined()
    expect(webAddress("data:text/html,x")).toBeUndefined()
    expect(webAddress("/relative")).toBeUndefined()
  })
})
