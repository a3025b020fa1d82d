import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { CommanderError, type Command } from 'commander'
import { EXIT_MEANINGS } from '../exit-codes.ts'
import { buildProgram } from '../program.ts'
import { inChinese, TEXTS_IN_CHINESE } from './texts.ts'
import { CHINESE } from './words.ts'
import { columnsOf, wrapChinese } from './wrapping.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

/** Every text that the help of the program shows. */
function textsOf(command: Command): readonly string[] {
  const help = command.createHelp()
  return [
    command.description(),
    ...command.registeredArguments.map(({ description }) => description),
    ...help.visibleOptions(command).map(({ description }) => description),
    ...help.visibleCommands(command).flatMap((one) => (command.commands.includes(one) ? [] : [one.description()])),
    ...command.commands.flatMap((one) => [one.helpGroup(), ...textsOf(one)]),
  ].filter((text) => text !== '')
}

const TITLES = ['Usage:', 'Arguments:', 'Options:', 'Commands:', 'Exit codes:', 'Examples:']
const TEXTS = [...TITLES, ...Object.values(EXIT_MEANINGS), ...textsOf(buildProgram())]

describe('the help in Chinese', () => {
  test('has every text of the program, and no other', () => {
    const missing = TEXTS.filter((text) => inChinese(text) === null)
    assert.deepEqual(missing, [], 'Write them in src/cli/chinese, under the English text.')
    const shown = TEXTS.map((text) => text.replace(/ \((?:default: [^()]*?, )?env: [A-Z_]+\)$/, ''))
    const unused = [...TEXTS_IN_CHINESE.keys()].filter((text) => !shown.includes(text))
    assert.deepEqual(unused, [], 'No command has these English texts any more.')
  })

  test('keeps options, accounts, names and numbers as they are typed', () => {
    const typed = /--[a-z-]+|@[a-z]+|HOLDFAST_[A-Z_]+|[A-Z]{4,}|`[^`]+`|\/[a-z]{4,}|\b\d{3,}\b/g
    for (const english of TEXTS) {
      const chinese = inChinese(english)!
      for (const [word] of english.matchAll(typed)) assert.ok(chinese.includes(word), `${word} in: ${chinese}`)
      assert.match(chinese, /[\u4e00-\u9fff]|^Shell：$/, english)
    }
  })

  for (const [name, environment, parameters] of [
    ['LANG', { LANG: 'zh_CN.UTF-8' }, []],
    ['LC_ALL before LANG', { LC_ALL: 'zh_CN.UTF-8', LANG: 'en_US.UTF-8' }, []],
    ['--lang', { LANG: 'C' }, ['--lang', 'zh']],
  ] as const) {
    test(`comes by ${name}`, () => {
      const main = resolve(ROOT, 'src/cli/main.ts')
      const env = { PATH: process.env['PATH'], ...environment }
      const { stdout } = spawnSync(process.execPath, [main, 'settle', '--help', ...parameters], {
        env,
        encoding: 'utf8',
      })
      assert.match(stdout, /^用法： holdfast settle \[选项\] <hold> <amount>\n\n按实际费用结算/)
      assert.match(stdout, /选："reject"、"cap"、"draw"/)
      assert.deepEqual(
        stdout.split('\n').filter((line) => columnsOf(line) > 80),
        [],
      )
    })
  }

  test('ends with exit codes and examples', () => {
    const program = buildProgram(CHINESE)
    let text = ''
    program.configureOutput({ writeOut: (part) => void (text += part), getOutHelpWidth: () => 100 }).outputHelp()
    assert.match(text, /\n退出码：\n {2}0 {2}成功\n[^]*\n示例：\n {2}holdfast serve\n/)
    assert.doesNotMatch(text, /^[A-Z][a-z ]+:$/m)
  })
})

test('a mistake on the command line is explained in Chinese', () => {
  const mistakes: Readonly<Record<string, string>> = {
    frezee: "错误：没有命令 'frezee'\n（是否想输入 freeze？）\n",
    'freeze --requestid x a 1': "错误：没有选项 '--requestid'\n（是否想输入 --request-id？）\n",
    freeze: "错误：缺少参数 'account'\n",
    'freeze a 1 --payee': "错误：选项 '--payee <account>' 缺少值\n",
    'release a b': "错误：'release' 的参数太多：应有 1 个，给了 2 个：a, b\n",
    'freeze a x': "错误：参数 'amount' 的值 'x' 无效。金额是一个数，例如 10000 或 1.50。\n",
    'freeze a 1 --expires-in 5':
      "错误：选项 '--expires-in <duration>' 的值 '5' 无效。时长写成数字加单位：90s, 10m, 2h, 1d。\n",
    'settle a 1 --overage x': "错误：选项 '--overage <what>' 的值 'x' 无效。可选的值有 reject, cap, draw。\n",
    'rate put a b 1': "错误：参数 'rate' 的值 '1' 无效。汇率写成 NUMERATOR:DENOMINATOR，例如 1:10。\n",
    'transfer a b': "错误：参数 'to=amount' 的值 'b' 无效。每个收款方都要写金额：b=20。\n",
  }
  for (const [words, expected] of Object.entries(mistakes)) {
    let said = ''
    const program = buildProgram(CHINESE)
    for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
      command.configureOutput({ writeErr: (part) => void (said += part) })
    assert.throws(() => program.parse(words.split(' '), { from: 'user' }), CommanderError)
    assert.equal(said, `${expected}（加 --help 查看帮助）\n`)
  }
})

test('generated documents are in English, whatever the language of the terminal', () => {
  const env = { ...process.env, LANG: 'zh_CN.UTF-8', LC_ALL: 'zh_CN.UTF-8' }
  const tool = resolve(ROOT, 'tools/cli-reference.ts')
  const { status, stderr } = spawnSync(process.execPath, [tool, '--check'], { cwd: ROOT, env, encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
})

test('lines of Chinese are wrapped by columns, and no line begins with punctuation', () => {
  assert.equal(columnsOf('余额 8'), 6)
  assert.equal(wrapChinese('可用余额，以及冻结的部分。', 10), '可用余额，\n以及冻结的\n部分。')
  assert.equal(wrapChinese('看 --help 的说明', 8), '看\n--help\n的说明')
})
