import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

/** The Chromium of this machine: `WEFT_BROWSER`, or the first one on the PATH. */
export function browserPath() {
  if (process.env.WEFT_BROWSER) return process.env.WEFT_BROWSER
  for (const folder of (process.env.PATH ?? "").split(delimiter))
    for (const name of NAMES) {
      try {
        accessSync(join(folder, name), constants.X_OK)
        return join(folder, name)
      } catch {
        // the next one
      }
    }
  throw new Error(
    "There is no Chromium here. `apt-get install chromium` brings one, or WEFT_BROWSER names one.",
  )
}
