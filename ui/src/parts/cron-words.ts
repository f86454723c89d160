/** Schedules in words: `0 6 * * 1-5` is "06:00, Monday to Friday". What has no short words stays as it is written. */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const
const DAY_NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
export const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const

const NAMED: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@quarterly": "0 0 1 1,4,7,10 *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
}

/** A schedule in words, or the text itself. */
export function scheduleWords(schedule: string): string {
  const cron = NAMED[schedule.trim().toLowerCase()] ?? schedule.trim()
  const fields = cron.split(/\s+/)
  if (fields.length !== 5) return schedule
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields
  const when = time(minute, hour)
  if (when === null) return schedule
  const on = [dayWords(day, weekday), monthWords(month)]
  if (on.includes(null)) return schedule
  const told = on.filter(Boolean).join(" ")
  if (told === "") return when.repeats ? when.text : `daily at ${when.text}`
  return `${when.text}, ${told}`
}

function time(minute: string, hour: string): { text: string; repeats: boolean } | null {
  const two = (value: string | number) => String(value).padStart(2, "0")
  const every = /^\*\/(\d+)$/
  if (minute === "*" && hour === "*") return { text: "every minute", repeats: true }
  const minutes = minute.match(every)?.[1]
  if (minutes && hour === "*") return { text: `every ${minutes} min`, repeats: true }
  const between = hour.match(/^(\d+)-(\d+)$/)
  if (minutes && between)
    return {
      text: `every ${minutes} min, ${two(between[1] ?? 0)} to ${two(between[2] ?? 0)} h`,
      repeats: true,
    }
  if (!/^\d+$/.test(minute)) return null
  if (hour === "*") return { text: minute === "0" ? "hourly" : `hourly at :${two(minute)}`, repeats: true }
  const hours = hour.match(every)?.[1]
  if (hours) return { text: `every ${hours} h${minute === "0" ? "" : ` at :${two(minute)}`}`, repeats: true }
  if (between)
    return {
      text: `hourly, ${two(between[1] ?? 0)}:${two(minute)} to ${two(between[2] ?? 0)}:${two(minute)}`,
      repeats: true,
    }
  if (!/^\d+(,\d+)*$/.test(hour)) return null
  return { text: inList(hour.split(",").map((each) => `${two(each)}:${two(minute)}`)), repeats: false }
}

function dayWords(day: string, weekday: string): string | null {
  const ofWeek = weekday === "*" || weekday === "?" ? "" : weekdayWords(weekday.toLowerCase())
  if (ofWeek === null) return null
  if (day === "*" || day === "?") return ofWeek
  const ofMonth =
    day.toLowerCase() === "l"
      ? "the last day of the month"
      : /^\d+(,\d+)*$/.test(day)
        ? `the ${inList(day.split(",").map((each) => nth(Number(each))))}`
        : null
  if (ofMonth === null) return null
  // cron runs on either where both are given
  return ofWeek ? `on ${ofMonth} and on ${ofWeek}` : `on ${ofMonth}`
}

function weekdayWords(weekday: string): string | null {
  const number = (text: string) => {
    const named = DAY_NAMES.indexOf(text.slice(0, 3))
    return /^\d$/.test(text) ? Number(text) % 7 : named
  }
  const range = weekday.match(/^(\w+)-(\w+)$/)
  if (range) {
    const [from, to] = [number(range[1] ?? ""), number(range[2] ?? "")]
    return from < 0 || to < 0 ? null : `${DAYS[from]} to ${DAYS[to]}`
  }
  const days = weekday.split(",").map(number)
  if (days.some((each) => each < 0)) return null
  return inList(days.map((each) => (days.length > 2 ? DAYS[each]?.slice(0, 3) : DAYS[each]) ?? ""))
}

function monthWords(month: string): string | null {
  if (month === "*") return ""
  if (!/^\d+(,\d+)*$/.test(month)) return null
  const months = month.split(",").map((each) => MONTHS[Number(each) - 1])
  return months.includes(undefined) ? null : `of ${inList(months.map((each) => each ?? ""))}`
}

function nth(value: number): string {
  const tail = value % 10 === 1 && value !== 11 ? "st" : value % 10 === 2 && value !== 12 ? "nd" : ""
  return `${value}${tail || (value % 10 === 3 && value !== 13 ? "rd" : "th")}`
}

function inList(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`
}
