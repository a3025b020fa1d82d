/** `bridge`: joins an old system's tables and the ledger's into one set of books, while both are in use. */
import { type Command, Option } from 'commander'
import type { Bridge, BridgeStatus, Difference, InstallReport, InstallStep, OpenHolds } from '../../bridge/bridge.ts'
import { EXIT } from '../exit-codes.ts'
import { bridgeMappingOptions, mappingOf, type MappingFlags } from '../import-options.ts'
import { readWholeNumber } from '../arguments.ts'
import { Progress, eraseBar, showBar } from '../progress.ts'
import { fieldTable, listTable, styled } from '../tables.ts'
import { configOption, jsonOption, print, readStore, settingOption } from '../target.ts'
import { visible } from '../visible.ts'

interface BridgeFlags {
  readonly store?: string
  readonly config?: string
  readonly json?: true
}

interface InstallFlags extends BridgeFlags, MappingFlags {
  readonly versionColumn?: string
  readonly houseAccount: string
  readonly onFailure: 'refuse' | 'record'
  readonly batchUsers: number
  readonly adopt?: true
}

interface RemoveFlags extends BridgeFlags {
  readonly handOver?: true
  readonly leaveHolds?: true
}

const BATCH_USERS = { fallback: 100, max: 1_000 }
/** Differences that are shown as text; `--json` has all of them. */
const DIFFERENCES_SHOWN_MAX = 100

export function addBridgeCommand(program: Command): void {
  const bridge = program
    .command('bridge')
    .description(
      'Joins an old system’s tables of users and freezes and the ledger’s, in one database server, into one set of books while both are ' +
        'in use. On MySQL, MariaDB and PostgreSQL.',
    )
  addInstall(bridge)
  added(bridge, 'status', 'Shows what is bridged, and what is not.').action((flags: BridgeFlags) =>
    withBridge(flags, async (open) => {
      const status = await open.status()
      print(flags, { wire: statusWire(status), view: statusView(status) })
      if (isUnsound(status)) process.exitCode = EXIT.refused
    }),
  )
  addVerify(bridge)
  added(bridge, 'pause', 'Refuses the old side to write bridged columns, for the last step. The ledger goes on.')
    .option('--resume', 'let the old side write again')
    .action((flags: BridgeFlags & { readonly resume?: true }) =>
      withBridge(flags, async (open) => {
        const isPaused = flags.resume !== true
        await (isPaused ? open.pause() : open.resume())
        const view = isPaused ? 'The old side is refused.' : 'Both sides write.'
        print(flags, { wire: { state: isPaused ? 'paused' : 'open' }, view })
      }),
    )
  addRemove(bridge)
}

function added(bridge: Command, name: string, meaning: string): Command {
  return bridge
    .command(name)
    .description(meaning)
    .addOption(settingOption('store'))
    .addOption(configOption())
    .addOption(jsonOption())
}

function addInstall(bridge: Command): void {
  const install = added(
    bridge,
    'install',
    'Takes over the balance and the open freezes of every user, in small batches while the old system serves; from then on each side ' +
      'follows the other in the same transaction. A second run continues where the first was stopped. Exits 1 if a user could not be taken over.',
  )
  for (const option of bridgeMappingOptions()) install.addOption(option)
  install
    .addOption(
      new Option(
        '--version-column <column>',
        'the column of users that counts changes, for compare-and-swap (default: none)',
      ),
    )
    .addOption(
      new Option('--house-account <account>', 'the house account that has what the old side brings in').default(
        '@users-table',
      ),
    )
    .addOption(
      new Option(
        '--on-failure <what>',
        'what happens to an old write that the ledger cannot follow: it fails, or it is recorded for a repair',
      )
        .choices(['refuse', 'record'])
        .default('refuse'),
    )
    .addOption(
      new Option(
        '--batch-users <count>',
        `users that one transaction takes over, and locks; at most ${BATCH_USERS.max}`,
      )
        .argParser((text) => readWholeNumber(text))
        .default(BATCH_USERS.fallback),
    )
    .addOption(new Option('--adopt', 'bring accounts that have coins in the ledger already to what the old rows say'))
    .action(async (flags: InstallFlags) => {
      const { checkPlan } = await import('../../bridge/plan.ts')
      const plan = checkPlan({
        mapping: mappingOf(flags),
        versionColumn: flags.versionColumn ?? null,
        house: flags.houseAccount,
        onFailure: flags.onFailure,
      })
      const batchUsers = Math.min(Math.max(flags.batchUsers, 1), BATCH_USERS.max)
      const { openBridge } = await import('../../bridge/open.ts')
      await using open = await openBridge(readStore(flags), plan)
      let report: InstallReport
      try {
        report = await open.install({ batchUsers, adopt: flags.adopt ?? false }, showStep)
      } finally {
        eraseBar()
      }
      const { status, requestsKnown, requestsTaken } = report
      const taken = requestsTaken.map(
        (id) => `${styled('red', 'taken')} the ledger has a request ${visible(id)} of its own`,
      )
      const view = [...taken, statusView(status)].join('\n')
      print(flags, { wire: { requestsKnown, requestsTaken, ...statusWire(status) }, view })
      if (isUnsound(status) || requestsTaken.length > 0) process.exitCode = EXIT.refused
    })
}

function addVerify(bridge: Command): void {
  added(
    bridge,
    'verify',
    'Compares every user and every user’s open freezes as of one instant. Exits 1 if anything differs, and was not repaired.',
  )
    .option('--repair', 'post what is missing, so that available is what the old row says; nothing is edited')
    .action((flags: BridgeFlags & { readonly repair?: true }) =>
      withBridge(flags, async (open) => {
        let bar: Progress | null = null
        let shown = 0
        const { accountsCount, differences } = await open.verify({ repair: flags.repair ?? false }, (done, total) => {
          bar ??= new Progress(total)
          bar.step(done - shown)
          shown = done
          bar.begin('accounts')
        })
        eraseBar()
        print(flags, { wire: { accountsCount, differences }, view: differencesView(accountsCount, differences) })
        if (differences.some(({ repair }) => repair !== 'repaired')) process.exitCode = EXIT.refused
      }),
    )
}

function addRemove(bridge: Command): void {
  added(
    bridge,
    'remove',
    'Removes the bridge: each side goes on by itself, and the old tables are exact. Open holds of bridged accounts are in the way, unless:',
  )
    .addOption(new Option('--hand-over', 'write them to the old log as open freezes').conflicts('leaveHolds'))
    .addOption(new Option('--leave-holds', 'leave them: the old system does not know them, and has their coins frozen'))
    .action((flags: RemoveFlags) =>
      withBridge(flags, async (open) => {
        const openHolds: OpenHolds =
          flags.handOver === true ? 'hand-over' : flags.leaveHolds === true ? 'leave' : 'refuse'
        const { holdsCount } = await open.remove({ openHolds })
        const ending = openHolds === 'hand-over' ? 'handed over' : 'left'
        const view = `The bridge is removed.${holdsCount === 0 ? '' : ` ${holdsCount} open holds were ${ending}.`}`
        print(flags, { wire: { removed: true, holdsCount, openHolds }, view })
      }),
    )
}

async function withBridge(flags: BridgeFlags, action: (bridge: Bridge) => Promise<void>): Promise<void> {
  const { openBridge } = await import('../../bridge/open.ts')
  await using bridge = await openBridge(readStore(flags), null)
  await action(bridge)
}

function showStep(step: InstallStep, done: number, total: number | null): void {
  showBar(total === null ? 0 : done / Math.max(total, 1), `${done}${total === null ? '' : `/${total}`} ${step}`)
}

function isUnsound({ accounts, missing, hindrances }: BridgeStatus): boolean {
  return accounts.pending + accounts.refused + accounts.broken + missing.length + hindrances.length > 0
}

/** Amounts are texts, as over HTTP. */
function statusWire(status: BridgeStatus): object {
  return { ...status, openFreezes: status.openFreezes.map((each) => ({ ...each, coins: String(each.coins) })) }
}

function statusView(status: BridgeStatus): string {
  const { state, accounts, loose, failuresCount, openFreezes, missing, hindrances } = status
  const unlessZero = (count: number): number | null => (count === 0 ? null : count)
  const fields = fieldTable([
    ['bridge', state],
    ['attached', accounts.attached],
    ['not yet', unlessZero(accounts.pending)],
    ['refused', unlessZero(accounts.refused)],
    ['broken', unlessZero(accounts.broken)],
    ['recorded failures', unlessZero(failuresCount)],
  ])
  const rows = openFreezes.map(({ asset, count, coins }) => [asset, count, coins])
  const lists = [
    ...(rows.length === 0 ? [] : [listTable(['asset', 'open freezes', 'minor units'], rows)]),
    ...missing.map(
      (name) => `${styled('red', 'missing')} ${name}: run "holdfast bridge install" and "bridge verify" again`,
    ),
    ...hindrances.map((hindrance) => `${styled('red', 'index')} ${visible(hindrance)}`),
    ...loose.map(
      (each) => `${styled('red', each.state)} ${visible(each.account)} ${each.asset}: ${visible(each.reason)}`,
    ),
  ]
  return [fields, ...lists].join('\n')
}

function differencesView(accountsCount: number, differences: readonly Difference[]): string {
  const lines = differences
    .slice(0, DIFFERENCES_SHOWN_MAX)
    .map(
      ({ code, message, repair }) =>
        `${styled('red', code)} ${visible(message)}${repair === null ? '' : ` ${visible(repair)}`}`,
    )
  const more = differences.length - lines.length
  const count = `${accountsCount} accounts compared, ${differences.length} differences.`
  return [...lines, ...(more > 0 ? [`… and ${more} more`] : []), count].join('\n')
}
