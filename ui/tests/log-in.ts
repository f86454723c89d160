/** Logging in by name and password, as people do. */
import type { Page } from "playwright-core"
import { settled } from "./browser"

/** Fill in the form that is there, and wait until it is gone. */
export async function logIn(page: Page, name: string, password: string): Promise<void> {
  const form = page.locator("form").filter({ has: page.getByRole("button", { name: "Log in" }) })
  await form.getByLabel("Name").fill(name)
  await form.locator("input[type=password]").fill(password)
  await form.getByRole("button", { name: "Log in" }).click()
  await form.waitFor({ state: "detached" })
  await settled(page)
}
