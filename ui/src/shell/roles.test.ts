import { expect, test } from "vitest"
import { ROLES, reaches } from "./roles"

test("each role may what those before it may, and nobody may anything", () => {
  const may = ROLES.map((mine) => ROLES.filter((asked) => reaches(mine, asked)).length)
  expect(may).toEqual([1, 2, 3, 4])
  expect(reaches(undefined, "viewer")).toBe(false)
})
