/** The Chromium of this machine: `WEFT_BROWSER`, or the first one on the PATH. */
export function browserPath(): string
