import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageText } from './ages.ts'

test('an age is shown in its two largest units', () => {
  const ages: readonly (readonly [ms: number, text: string])[] = [
    [-5, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [725_000, '12m 5s'],
    [3_600_000 + 5_000, '1h'],
    [97_200_000, '1d 3h'],
    [40 * 86_400_000, '40d'],
  ]
  for (const [ms, text] of ages) assert.equal(ageText(ms), text)
})
