/** The account by which commands are sent to a service, also for a hold that was frozen by this client. */
import type { Command } from '../domain/command.ts'
import { isHouse, type AccountName, type RequestId } from '../domain/ids.ts'
import { accountsIn } from '../domain/named-accounts.ts'

/** Holds whose account is remembered, each with about 100 bytes. Others go where their own id leads: any service is right. */
const HOLDS_REMEMBERED_MAX = 50_000

export class HoldAccounts {
  readonly #accounts = new Map<RequestId, AccountName>()

  /** Null for a hold that was frozen elsewhere, or long ago. */
  of(hold: RequestId): AccountName | null {
    return this.#accounts.get(hold) ?? null
  }

  /** The first account of a user in these commands; null if they name none. */
  in(commands: readonly Command[]): AccountName | null {
    for (const command of commands) {
      const account = 'hold' in command ? this.of(command.hold) : payerIn(command)
      if (account === null) continue
      if (command.kind === 'freeze') this.#remember(command.requestId, account)
      return account
    }
    return null
  }

  #remember(hold: RequestId, account: AccountName): void {
    if (this.#accounts.size >= HOLDS_REMEMBERED_MAX) this.#accounts.delete(this.#accounts.keys().next().value!)
    this.#accounts.set(hold, account)
  }
}

function payerIn(command: Command): AccountName | null {
  return accountsIn(command).find((name) => !isHouse(name)) ?? null
}
