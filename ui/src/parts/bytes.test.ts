import { expect, it } from "vitest"
import { bytes } from "./bytes"

it("tells sizes in powers of a thousand", () => {
  expect([0, 999, 1000, 23_400, 4_200_000, 2e9].map(bytes)).toEqual([
    "0 bytes",
    "999 bytes",
    "1.0 kB",
    "23.4 kB",
    "4.2 MB",
    "2.0 GB",
  ])
})
