/** Sizes and durations in the words of findings. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
const UNIT_BYTES = 1_024

export const MEBIBYTE = UNIT_BYTES ** 2

/** `832 B`, `64 MiB`, `1.5 GiB`. */
export function bytesText(bytes: number): string {
  let unit = 0
  let count = bytes
  while (count >= UNIT_BYTES && unit < UNITS.length - 1) {
    count /= UNIT_BYTES
    unit++
  }
  return `${count < 10 && unit > 0 ? Number(count.toFixed(1)) : Math.round(count)} ${UNITS[unit]}`
}

const DAY_MS = 86_400_000

/** `420 ms`, `12 s`, `5 min`, `3.5 h`, `12 d`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 2 * DAY_MS) return `${Number((ms / 3_600_000).toFixed(1))} h`
  return `${Math.round(ms / DAY_MS)} d`
}
