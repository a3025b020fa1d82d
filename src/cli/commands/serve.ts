/** `serve`: the HTTP service over a database, until SIGTERM or SIGINT. */
import type { Command } from 'commander'
import { configWarnings, readSettings, SETTINGS, type Flags, type SettingName, withoutPassword } from '../../config.ts'
import { outliveReader } from '../output.ts'
import { styled } from '../tables.ts'
import { configOption, jsonOption, print, settingOption } from '../target.ts'

interface ServeFlags extends Flags {
  readonly json?: boolean
}

export function addServeCommand(program: Command): void {
  const command = program.command('serve').description('Serves the ledger over HTTP until SIGTERM or SIGINT.')
  const names = (Object.keys(SETTINGS) as SettingName[]).filter((name) => name !== 'url' && name !== 'key')
  for (const name of names) command.addOption(settingOption(name))
  command.addOption(configOption())
  command.addOption(jsonOption()).action(async (flags: ServeFlags) => {
    const settings = readSettings(flags, process.env)
    outliveReader()
    const { startService } = await import('../service.ts')
    const { url, healthUrl, stopped } = await startService(settings, configWarnings(flags, process.env))
    const store = withoutPassword(settings.store)
    print(flags, {
      wire: { url, ...(healthUrl === null ? {} : { healthUrl }), store, pid: process.pid },
      view: settings.readOnly ? welcomeReaders(url, store) : welcome(url, store),
    })
    await stopped
  })
}

function welcome(url: string, store: string): string {
  return `Holdfast serves ${store} on ${styled('bold', url)} (reference: ${url}/docs). Stop it with Ctrl-C.

Try it: deposit coins for user:8, freeze some of them, settle the actual cost, and show the account.

${curl(url, 'deposits', { account: 'user:8', amount: '10000' })}
${curl(url, 'holds', { requestId: 'job-616', account: 'user:8', amount: '616' })}
${curl(url, 'holds/job-616/settle', { amount: '500' })}
  curl ${url}/v1/accounts/user:8
`
}

function welcomeReaders(url: string, store: string): string {
  return `Holdfast serves ${store} for reading only on ${styled('bold', url)} (reference: ${url}/docs). Stop it with Ctrl-C.

Try it: list the balances.

  curl ${url}/v1/accounts
`
}

function curl(url: string, path: string, body: object): string {
  return `  curl ${url}/v1/${path} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`
}
