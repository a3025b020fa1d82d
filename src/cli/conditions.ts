/** The options of "only if unchanged". */
import { Option } from 'commander'
import { readWholeNumber } from './arguments.ts'

/** @param whose the account of the balance */
export function ifVersionOption(whose = 'the account'): Option {
  return new Option(
    '--if-version <number>',
    `only if the balance of ${whose} still has this version, which \`holdfast account\` shows`,
  ).argParser(readWholeNumber)
}

export function ifStepsOption(): Option {
  return new Option(
    '--if-steps <number>',
    'only if the hold still has this number of steps, which every answer about it shows',
  ).argParser(readWholeNumber)
}
