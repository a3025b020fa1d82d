/** Commands on the wire, as the client sends them; commands.ts reads them. wire.ts has the answers. */
import type { Command, FreezeCommand, Leg } from '../domain/command.ts'
import type { CommandWire, LegWire } from './bodies.ts'
import { instantToWire, onExpiryToWire } from './wire.ts'

/** A command as it stands in a batch; `commandOf` reads it back to an equal command. */
export function commandToWire(command: Command): CommandWire {
  switch (command.kind) {
    case 'freeze': {
      const { kind, requestId, account, asset, amount, payee, onExpiry, metadata } = command
      return {
        kind,
        requestId,
        account,
        asset,
        amount: amount.toString(),
        payee,
        ...expiryToWire(command),
        ...(onExpiry === null ? {} : { onExpiry: onExpiryToWire(onExpiry) }),
        ...(metadata === null ? {} : { metadata }),
      }
    }
    case 'settle': {
      const { kind, hold, amount, overage, payee, late } = command
      const terms = { kind, hold, amount: amount.toString(), overage }
      return { ...terms, ...(payee === null ? {} : { payee }), ...(late ? { late } : {}) }
    }
    case 'settle-part': {
      const { requestId, hold, amount, overage, payee } = command
      const part = { kind: 'settle', hold, amount: amount.toString(), final: false, requestId, overage } as const
      return { ...part, ...(payee === null ? {} : { payee }), ...attachmentsToWire(command) }
    }
    case 'amend': {
      const { kind, requestId, hold, amount, onExpiry } = command
      return {
        kind,
        requestId,
        hold,
        ...(amount === null ? {} : { amount: amount.toString() }),
        ...expiryToWire(command),
        ...(onExpiry === undefined ? {} : { onExpiry: onExpiry === null ? null : onExpiryToWire(onExpiry) }),
      }
    }
    case 'refund': {
      const { kind, requestId, hold, amount } = command
      return { kind, requestId, hold, amount: amount.toString(), ...attachmentsToWire(command) }
    }
    case 'release':
      return { kind: 'release', hold: command.hold }
    case 'deposit': {
      const { kind, requestId, account, asset, amount } = command
      return { kind, requestId, account, asset, amount: amount.toString(), ...attachmentsToWire(command) }
    }
    case 'charge': {
      const { kind, requestId, account, asset, amount, payee } = command
      return { kind, requestId, account, asset, amount: amount.toString(), payee, ...attachmentsToWire(command) }
    }
    case 'transfer': {
      const { kind, requestId, legs } = command
      return { kind, requestId, legs: legs.map(legToWire), ...attachmentsToWire(command) }
    }
    case 'open': {
      const { kind, requestId, account, asset, floor, metadata } = command
      return { kind, requestId, account, asset, floor: floor.toString(), ...(metadata === null ? {} : { metadata }) }
    }
    case 'declare':
      return { kind: 'declare', asset: command.asset, decimals: command.decimals, name: command.name }
    case 'rate': {
      const { kind, from, to, numerator, denominator, rounding, tolerancePpm } = command
      const fraction = { numerator: numerator.toString(), denominator: denominator.toString() }
      return { kind, from, to, ...fraction, rounding, tolerancePpm }
    }
  }
}

function attachmentsToWire({ memo, metadata }: Pick<Extract<Command, { memo: string | null }>, 'memo' | 'metadata'>) {
  return { ...(memo === null ? {} : { memo }), ...(metadata === null ? {} : { metadata }) }
}

function legToWire(leg: Leg): LegWire {
  return {
    from: leg.from,
    to: leg.to,
    asset: leg.asset,
    amount: leg.amount.toString(),
    ...(leg.toAsset === undefined ? {} : { toAsset: leg.toAsset }),
    ...(leg.toAmount === undefined ? {} : { toAmount: leg.toAmount.toString() }),
  }
}

function expiryToWire({ expiresInMs, expiresAt }: Pick<FreezeCommand, 'expiresInMs' | 'expiresAt'>) {
  return {
    ...(expiresInMs === null ? {} : { expiresInMs }),
    ...(expiresAt === null ? {} : { expiresAt: instantToWire(expiresAt) }),
  }
}
