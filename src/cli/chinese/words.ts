/** The help and the messages of the command line in Chinese. A text without a translation stays as it is. */
import { Help, type HelpConfiguration } from 'commander'
import type { Words } from '../language.ts'
import { errorInChinese } from './errors.ts'
import { inChinese } from './texts.ts'
import { columnsOf, wrapChinese } from './wrapping.ts'

const ENGLISH = Help.prototype

const help: HelpConfiguration & ThisType<Help> = {
  commandUsage(command) {
    const usage = ENGLISH.commandUsage.call(this, command)
    return usage.replace('[options]', '[选项]').replace('[command]', '[命令]')
  },
  commandDescription: (command) => translated(command.description()),
  subcommandDescription: (command) => translated(command.summary() || command.description()),
  argumentDescription(argument) {
    return described(argument.description, ENGLISH.argumentDescription.call(this, argument))
  },
  optionDescription(option) {
    return described(option.description, ENGLISH.optionDescription.call(this, option))
  },
  styleTitle: translated,
  displayWidth: columnsOf,
  boxWrap: wrapChinese,
}

export const CHINESE: Words = {
  help,
  after: (english) => english.replaceAll(/^\S.*:$|(?<=^ {2}\d {2}).*$/gm, translated),
  error: errorInChinese,
}

function translated(english: string): string {
  return inChinese(english) ?? english
}

/** @param whole the description and what commander puts after it: ` (choices: "a", "b", default: "a")` */
function described(description: string, whole: string): string {
  const extra = whole.slice(description.length).replace(/^ \((.*)\)$/s, '（$1）')
  const words = extra.replace('choices: ', '可选：').replace('default: ', '默认：')
  return `${translated(description)}${words.replaceAll('", "', '"、"').replaceAll(', 默认', '，默认')}`
}
