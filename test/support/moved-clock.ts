/**
 * Preload for a process (`--import`): its time of day is off by HOLDFAST_TEST_CLOCK_OFF_MS until it receives SIGUSR2, as when NTP corrects
 * a clock some time after the start.
 */
import { isMainThread } from 'node:worker_threads'

const trueNow = Date.now
let offMs = Number(process.env['HOLDFAST_TEST_CLOCK_OFF_MS'] ?? 0)
Date.now = () => trueNow() + offMs
if (isMainThread) process.on('SIGUSR2', () => (offMs = 0))
