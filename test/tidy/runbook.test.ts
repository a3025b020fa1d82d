import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { readRules } from '../support/ops-files.ts'
import { PARTS_IN_CHINESE, runbookViolations } from './runbook.ts'

const DOCS = resolve(import.meta.dirname, '../../docs')
const RUNBOOK = readFileSync(resolve(DOCS, 'runbook.md'), 'utf8')
const RUNBOOK_IN_CHINESE = readFileSync(resolve(DOCS, 'runbook.zh.md'), 'utf8')

const PARTS = '**Means:** a\n\n**Look:** b\n\n**Do:** c\n\n**Over when** d\n'
const ALERT = {
  name: 'HoldfastDown',
  text: [
    'alert: HoldfastDown',
    'labels: { severity: critical }',
    "summary: 'a'",
    "description: 'a'",
    'runbook_url: docs/runbook.md#holdfastdown',
  ].join('\n'),
}

test('each alert has its section of the runbook, and each section its alert', () => {
  const { alerts } = readRules()
  assert.deepEqual(runbookViolations(alerts, RUNBOOK), [])
  assert.deepEqual(runbookViolations(alerts, RUNBOOK_IN_CHINESE, PARTS_IN_CHINESE), [])
})

test('an alert without a section, and a section without an alert, are refused', () => {
  assert.deepEqual(runbookViolations([ALERT], `### HoldfastDown\n\n${PARTS}`), [])
  assert.deepEqual(runbookViolations([ALERT], '# Runbook\n'), ['HoldfastDown has no section'])
  assert.deepEqual(runbookViolations([], `### HoldfastDown\n\n${PARTS}`), ['the section HoldfastDown has no alert'])
})

test('a section without one of its parts, and an alert without one of its annotations, are refused', () => {
  const short = PARTS.replace(/\*\*Do:.*\n/, '')
  assert.deepEqual(runbookViolations([ALERT], `### HoldfastDown\n\n${short}`), [
    'HoldfastDown: no **Do:** in its section',
  ])
  for (const line of ALERT.text.split('\n').slice(1)) {
    const text = ALERT.text.replace(line, '')
    assert.equal(runbookViolations([{ ...ALERT, text }], `### HoldfastDown\n\n${PARTS}`).length, 1, line)
  }
})
