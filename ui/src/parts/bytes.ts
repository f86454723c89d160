/** `4.2 MB`; in powers of a thousand, as the CLI has it. */
export function bytes(size: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"]
  let left = size
  let at = 0
  while (left >= 1000 && at < units.length - 1) {
    left /= 1000
    at += 1
  }
  return `${at === 0 ? left : left.toFixed(1)} ${units[at]}`
}
