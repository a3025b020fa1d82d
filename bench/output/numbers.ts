/** Formats numbers for people. */

/** `71,000`; below 100 with one decimal place. */
export function rateText(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en-US')
}

/** Milliseconds with about three significant digits: `0.42`, `4.20`, `42.0`, `420`, `4,200`. */
export function msText(ms: number): string {
  if (ms < 10) return ms.toFixed(2)
  return ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en-US')
}

/** A ratio with about two significant digits: `0.03`, `0.82`, `1.3`, `31`. */
export function ratioText(ratio: number): string {
  if (ratio >= 9.95) return Math.round(ratio).toLocaleString('en-US')
  return ratio >= 0.995 ? ratio.toFixed(1) : ratio.toFixed(2)
}

export function shareText(share: number): string {
  return `${(share * 100).toFixed(share > 0.995 && share < 1 ? 2 : 1)} %`
}
