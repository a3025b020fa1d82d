/** Keys of callers: `keys create`, `keys list`, `keys rotate`, `keys revoke`, `keys token`. */
import { InvalidArgumentError, type Command } from 'commander'
import { isScope, SCOPE_MEANINGS, SCOPES, type Scope } from '../../access/scope.ts'
import { keyToWire, secretKeyToWire } from '../../api/key.ts'
import type { KeyInput, Ledger, SecretKey } from '../../api/ledger.ts'
import { createToken } from '../../api/token.ts'
import { parseInt64 } from '../../domain/amount.ts'
import { readSetting, SettingError } from '../../config.ts'
import { given, readDurationMs, readWholeNumber } from '../arguments.ts'
import { keysView, keyView } from '../key-views.ts'
import { SpokenError, withOptions } from '../speech.ts'
import { styledError } from '../tables.ts'
import { visible } from '../visible.ts'
import { addLedgerCommand, jsonOption, openTarget, print, settingOption, type TargetFlags } from '../target.ts'
import { LedgerError } from '../../api/error.ts'

interface CreateFlags extends TargetFlags {
  readonly admin?: true
  readonly scopes?: readonly Scope[]
  readonly accounts?: readonly string[]
  readonly assets?: readonly string[]
  readonly amountMax?: bigint
  readonly commandsPerSecond?: number
  readonly burst?: number
  readonly expiresIn?: number
}

interface ListFlags extends TargetFlags {
  readonly limit?: number
  readonly cursor?: string
}

interface RotateFlags extends TargetFlags {
  readonly graceMs?: number
}

interface TokenFlags {
  readonly key?: string
  readonly expiresIn?: number
  readonly json?: boolean
}

const ADMIN = 'admin'
const DAY_MS = 86_400_000

export function addKeyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description(
      'Makes, lists and ends the keys of callers. As soon as there is one, a service answers only to callers with a key.',
    )
  addCreate(keys)
  addLedgerCommand(keys, 'list', 'Lists all keys, also revoked ones.')
    .option('--limit <count>', 'rows, 1 to 1000 (default: 50)', readWholeNumber)
    .option('--cursor <cursor>', 'cursor from the previous page')
    .action((flags: ListFlags) =>
      use(flags, 'read', async (ledger) => {
        const page = await ledger.keys.list(given({ limit: flags.limit, cursor: flags.cursor }))
        print(flags, { wire: { items: page.items.map(keyToWire), next: page.next }, view: keysView(page) })
      }),
    )
  addLedgerCommand(keys, 'rotate <name>', 'Gives a key another secret, and prints it once.')
    .option(
      '--grace-ms <ms>',
      `how long the secret before stays valid; 0: it ends at once (default: ${DAY_MS}, a day)`,
      readWholeNumber,
    )
    .action((name: string, flags: RotateFlags) =>
      use(flags, 'write', async (ledger) => {
        const key = await ledger.keys.rotate(name, given({ graceMs: flags.graceMs }))
        const until = key.previousUntil
        const before = until === null ? 'has ended' : `is valid until ${new Date(until).toISOString()}`
        printSecret(flags, key, `The key "${name}" has another secret. The one before ${before}.`)
      }),
    )
  addLedgerCommand(keys, 'revoke <name>', 'Ends a key and its tokens, for good.').action(
    (name: string, flags: TargetFlags) =>
      use(flags, 'write', async (ledger) => {
        const key = await ledger.keys.revoke(name)
        const view = `${keyView(key)}\n\nThe key is revoked. Every service refuses it within seconds.`
        print(flags, { wire: keyToWire(key), view })
      }),
  )
  addToken(keys)
}

function addCreate(keys: Command): void {
  addLedgerCommand(keys, 'create [name]', 'Makes a key, and prints its secret once.')
    .option('--admin', `give it every scope; its name is "${ADMIN}" unless another one is given`)
    .option('--scopes <list>', `what the key may do, separated by commas: ${scopesText()}`, readScopes)
    .option(
      '--accounts <prefix>',
      'confine the key to accounts whose name begins so: user: for all of user:1, user:2, …; user:8 would also admit user:80; ' +
        'can be given again (default: any account)',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .option('--assets <list>', 'confine the key to these assets, separated by commas (default: any asset)', readList)
    .option(
      '--amount-max <amount>',
      'largest amount of one command, in minor units (default: any amount)',
      readMinorUnits,
    )
    .option('--commands-per-second <count>', 'rate limit of the key (default: none of its own)', readWholeNumber)
    .option('--burst <count>', 'commands that may come at once, with a rate limit', readWholeNumber)
    .option('--expires-in <duration>', 'life of the key, such as 30d (default: no end)', readDurationMs)
    .action((given: string | undefined, flags: CreateFlags) =>
      use(flags, 'write', async (ledger) => {
        const key = await ledger.keys.create(inputOf(given, flags))
        printSecret(flags, key, `Made the key "${key.name}". This is the only time that it is shown:`)
      }),
    )
}

function inputOf(name: string | undefined, flags: CreateFlags): KeyInput {
  const { admin, accounts, assets, amountMax, commandsPerSecond, burst, expiresIn } = flags
  if (admin === true && flags.scopes !== undefined) {
    throw new SettingError('--admin gives every scope, so --scopes is not possible with it.')
  }
  const scopes = admin === true ? SCOPES : flags.scopes
  if (scopes === undefined) throw new SettingError('Say what the key may do: --scopes LIST, or --admin for everything.')
  const called = name ?? (admin === true ? ADMIN : undefined)
  if (called === undefined) throw new SettingError('Give the key a name: holdfast keys create NAME.')
  const bounds = given({ accounts, assets, amountMax, commandsPerSecond, burst, expiresInMs: expiresIn })
  return { name: called, scopes, ...bounds }
}

function addToken(keys: Command): void {
  keys
    .command('token <account>')
    .description(
      'Makes a token from a key, without a database and a service: it reads one account, its balances, holds and statement, for a short time.',
    )
    .addOption(settingOption('key'))
    .option('--expires-in <duration>', 'life of the token, up to 24h (default: 15m)', readDurationMs)
    .addOption(jsonOption())
    .action(async (account: string, flags: TokenFlags) => {
      const key = readSetting('key', flags, process.env)
      if (key === '') throw new SettingError('Name the key that the token is made with: HOLDFAST_KEY, or --key.')
      const token = await createToken(key, { account, ...given({ expiresInMs: flags.expiresIn }) })
      print(flags, { wire: { token, account }, view: token })
    })
}

/** Without the assets, which `show` reads to print amounts: who only manages keys may not read them. */
async function use(
  flags: TargetFlags,
  access: 'read' | 'write',
  action: (ledger: Ledger) => Promise<void>,
): Promise<void> {
  await using ledger = await openTarget(flags, access)
  try {
    await action(ledger)
  } catch (error) {
    const isSpoken = error instanceof LedgerError && error.code === 'invalid_request' && flags.json !== true
    throw isSpoken ? new SpokenError(error, withOptions(error.message)) : error
  }
}

/** The secret alone is on stdout, so that it can be stored without being seen; the words are on stderr. */
function printSecret(flags: TargetFlags, key: SecretKey, words: string): void {
  const warnings = key.warnings.map((warning) => `${styledError('bold', 'warning:')} ${visible(warning)}\n`).join('')
  process.stderr.write(flags.json === true ? warnings : `${keyView(key)}\n\n${warnings}${words}\n`)
  print(flags, { wire: secretKeyToWire(key), view: key.secret })
}

function scopesText(): string {
  return SCOPES.map((scope) => `${scope} (${SCOPE_MEANINGS[scope]})`).join(', ')
}

function readList(text: string): readonly string[] {
  return text.split(',').map((item) => item.trim())
}

function readScopes(text: string): readonly Scope[] {
  return readList(text).map((scope) => {
    if (isScope(scope)) return scope
    throw new InvalidArgumentError(`"${scope}" is no scope; they are ${SCOPES.join(', ')}.`)
  })
}

function readMinorUnits(text: string): bigint {
  const amount = parseInt64(text)
  if (amount !== null) return amount
  throw new InvalidArgumentError('Write a whole number of minor units, in digits only.')
}
