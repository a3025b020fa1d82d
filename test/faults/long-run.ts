/** Whether long tests run; `npm run reliability` enables them. */
export function isLongRun(): boolean {
  return process.env['HOLDFAST_TEST_LONG'] === 'true'
}
