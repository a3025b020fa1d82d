import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lookAt, paceBetween, samplesIn } from './metrics-text.ts'

describe('the metrics of a process', () => {
  const text = (applied: number, rejected: number, fast: number, slow: number): string => `# HELP x y
holdfast_build_info{version="1.2.3",store="sqlite"} 1
holdfast_commands_total{kind="freeze",outcome="applied",code=""} ${applied}
holdfast_commands_total{kind="freeze",outcome="replayed",code=""} 0
holdfast_commands_total{kind="freeze",outcome="rejected",code="insufficient_funds"} ${rejected}
holdfast_command_duration_seconds_bucket{kind="freeze",le="0.01"} ${fast}
holdfast_command_duration_seconds_bucket{kind="freeze",le="0.1"} ${fast + slow}
holdfast_command_duration_seconds_bucket{kind="freeze",le="+Inf"} ${fast + slow}
holdfast_expiry_lag_seconds 2.5
`

  test('two looks at them give rates and quantiles', () => {
    const [before, after] = [lookAt(text(10, 0, 10, 0), 1_000), lookAt(text(210, 4, 206, 4), 3_000)]
    assert.equal(after.version, '1.2.3')
    assert.deepEqual([...after.rejections], [['insufficient_funds', 4]])
    assert.equal(after.expiryLagSeconds, 2.5)
    const pace = paceBetween(before, after)!
    assert.deepEqual([pace.appliedPerSecond, pace.rejectedPerSecond, pace.at], [100, 2, 3])
    assert.ok(pace.medianMs! > 4 && pace.medianMs! < 6, String(pace.medianMs))
    assert.ok(pace.slowMs! > 10 && pace.slowMs! < 100, String(pace.slowMs))
  })

  test('a process that was started again has no rate before its second look', () => {
    assert.equal(paceBetween(lookAt(text(10, 0, 10, 0), 1_000), lookAt(text(2, 0, 2, 0), 3_000)), null)
    const idle = paceBetween(lookAt(text(10, 0, 10, 0), 1_000), lookAt(text(10, 0, 10, 0), 3_000))!
    assert.deepEqual([idle.appliedPerSecond, idle.medianMs], [0, null])
  })

  test('labels may have commas, braces and escaped quotes', () => {
    const [sample] = samplesIn('a{b="x,{}",c="\\"q\\""} 1e3')
    assert.deepEqual(sample, { name: 'a', labels: { b: 'x,{}', c: '\\"q\\"' }, value: 1_000 })
  })
})
