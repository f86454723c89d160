import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { once } from "./once"

const URL = "http://weft.test/api/v1/plans"
const post = (body: string, url = URL) => new Request(url, { method: "POST", body })
const answers = (status: number) => {
  let count = 0
  return vi.fn(async () => new Response(String(++count), { status }))
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test("a double click is one call, and both have its answer", async () => {
  const send = answers(201)
  const sent = once(send)
  const [one, two] = await Promise.all([sent(post("a")), sent(post("a"))])
  expect(await one.text()).toBe("1")
  expect(await two.text()).toBe("1")
  expect(await (await sent(post("a"))).text()).toBe("1")
  expect(send).toHaveBeenCalledTimes(1)
})

test("another body is another call, and so is the same a breath later", async () => {
  const send = answers(200)
  const sent = once(send)
  await sent(post("a"))
  expect(await (await sent(post("b"))).text()).toBe("2")
  vi.advanceTimersByTime(1000)
  expect(await (await sent(post("a"))).text()).toBe("3")
})

test("what was refused, or got no answer, can be tried again at once", async () => {
  const refused = once(answers(422))
  await refused(post("a"))
  expect(await (await refused(post("a"))).text()).toBe("2")
  const send = vi
    .fn()
    .mockRejectedValueOnce(new TypeError("no network"))
    .mockResolvedValue(new Response("ok"))
  const sent = once(send)
  await expect(sent(post("a"))).rejects.toThrow("no network")
  expect(await (await sent(post("a"))).text()).toBe("ok")
})

test("looking is never answered with what was before", async () => {
  const sent = once(answers(200))
  await sent(post("a", `${URL}/outline`))
  expect(await (await sent(post("a", `${URL}/outline`))).text()).toBe("2")
  await sent(new Request(URL))
  expect(await (await sent(new Request(URL))).text()).toBe("4")
})
