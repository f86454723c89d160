/**
 * A picture of one page, to look at while working on it:
 *
 *     node tools/shot.mjs http://127.0.0.1:5173/runs runs.png --dark --size 1280x720 --click "text=Failed" --wait "table"
 *
 * WEFT_TOKEN logs in. What the page's console says is printed.
 */
import { chromium } from "playwright-core"
import { browserPath } from "./browser.mjs"

const [url, file, ...rest] = process.argv.slice(2)
const options = { size: "1440x900", pause: "700" }
const steps = []
for (let at = 0; at < rest.length; at += 1) {
  const name = rest[at].replace(/^--/, "")
  if (name === "dark" || name === "full") options[name] = true
  else {
    at += 1
    if (["click", "key", "hover", "wait", "fill"].includes(name)) steps.push([name, rest[at]])
    else options[name] = rest[at]
  }
}
const [width, height] = options.size.split("x").map(Number)
const browser = await chromium.launch({ executablePath: browserPath(), args: ["--no-sandbox"] })
const context = await browser.newContext({
  viewport: { width, height },
  colorScheme: options.dark ? "dark" : "light",
  reducedMotion: "reduce",
  extraHTTPHeaders: process.env.WEFT_TOKEN ? { authorization: `Bearer ${process.env.WEFT_TOKEN}` } : {},
})
const page = await context.newPage()
page.on("console", (message) => {
  if (message.type() !== "debug" && message.type() !== "info")
    console.log(`[${message.type()}]`, message.text())
})
page.on("pageerror", (error) => console.log("[error]", error.message))
await page.goto(url)
for (const [what, value] of steps) {
  if (what === "click") await page.locator(value).first().click()
  if (what === "hover") await page.locator(value).first().hover()
  if (what === "key") await page.keyboard.press(value)
  if (what === "wait") await page.locator(value).first().waitFor()
  if (what === "fill") await page.keyboard.type(value)
}
await page.waitForTimeout(Number(options.pause))
await page.screenshot({ path: file, fullPage: options.full === true })
await browser.close()
