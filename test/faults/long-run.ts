/** Whether there is time for what takes long: `npm run reliability` says so. */
export function isLongRun(): boolean {
  return process.env['HOLDFAST_TEST_LONG'] === 'true'
}
