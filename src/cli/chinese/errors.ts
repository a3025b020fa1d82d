/** What commander and the readers of arguments say about a wrong command line, in Chinese. What is not listed stays as it is. */

type Phrase = readonly [english: RegExp, chinese: string]

/** Applied to the whole message, in this order. Groups are what the user has written, and names of the program. */
const PHRASES: readonly Phrase[] = [
  [/^error: unknown command '(.*)'$/m, "错误：没有命令 '$1'"],
  [/^error: unknown option '(.*)'$/m, "错误：没有选项 '$1'"],
  [/^error: missing required argument '(.*)'$/m, "错误：缺少参数 '$1'"],
  [/^error: option '(.*)' argument missing$/m, "错误：选项 '$1' 缺少值"],
  [/^error: required option '(.*)' not specified$/m, "错误：必须给出选项 '$1'"],
  [/^error: option '(.*)' cannot be used with option '(.*)'$/m, "错误：选项 '$1' 不能与选项 '$2' 一起使用"],
  [
    /^error: too many arguments(?: for '(.*)')?\. Expected (\d+) arguments? but got (\d+): (.*)\.$/m,
    "错误：'$1' 的参数太多：应有 $2 个，给了 $3 个：$4",
  ],
  [/^error: option '(.*)' argument '(.*)' is invalid\. /m, "错误：选项 '$1' 的值 '$2' 无效。"],
  [/^error: command-argument value '(.*)' is invalid for argument '(.*)'\. /m, "错误：参数 '$2' 的值 '$1' 无效。"],
  [/\(Did you mean one of (.*)\?\)/, '（是否想输入以下之一：$1？）'],
  [/\(Did you mean (.*)\?\)/, '（是否想输入 $1？）'],
  [/\(for help, add --help\)/, '（加 --help 查看帮助）'],
  [/Allowed choices are (.*)\.$/m, '可选的值有 $1。'],
  [/Write a whole number of minor units, in digits only\./, '请写以最小单位计的整数，只用数字。'],
  [/Write a whole number\./, '请写整数。'],
  [/An amount is a number such as 10000 or 1\.50\./, '金额是一个数，例如 10000 或 1.50。'],
  [/Write a duration as a number with a unit: (.*)\.$/m, '时长写成数字加单位：$1。'],
  [/A duration is longer than 0 and at most (.*)\.$/m, '时长必须大于 0，最长 $1。'],
  [/Write a number of percent, from 0 to 100: 5, or 12\.5\./, '请写百分数，从 0 到 100：5，或 12.5。'],
  [/Write an instant such as (\S+), or a day such as (\S+)\.$/m, '请写时刻，例如 $1，或日期，例如 $2。'],
  [/Write the path of a file whose name ends with (\S+)\.$/m, '请写文件路径，文件名以 $1 结尾。'],
  [/Write the rate as (\S+), such as (\S+)\.$/m, '汇率写成 $1，例如 $2。'],
  [
    /The terms of a rate are whole numbers of minor units, in digits only: (\S+)\.$/m,
    '汇率的两项是以最小单位计的整数，只用数字：$1。',
  ],
  [/Write a JSON object, in quotes: (.*)\.$/m, '请写带引号的 JSON 对象：$1。'],
  [/Write each receiver with its amount: (.*)\.$/m, '每个收款方都要写金额：$1。'],
  [/Write the amount, then the amount that the receiver gets: (.*)\.$/m, '先写付出的金额，再写收款方得到的金额：$1。'],
  [/Write a number of seconds from (\d+) to (\d+)\./, '请写秒数，从 $1 到 $2。'],
  [/"(.*)" is no scope; they are (.*)\.$/m, '没有权限 "$1"；可用的有 $2。'],
]

export function errorInChinese(message: string): string {
  return PHRASES.reduce((text, [english, chinese]) => text.replace(english, chinese), message)
}
