/** Kinds of coins: `declare`, `assets`. */
import type { Command } from 'commander'
import { supplyText } from '../../api/supply.ts'
import { assetToWire } from '../../api/asset.ts'
import { ASSET_DECIMALS_MAX } from '../../domain/asset.ts'
import { given, readWholeNumber } from '../arguments.ts'
import { addLedgerCommand, show, type TargetFlags } from '../target.ts'
import { assetsView } from '../views.ts'

interface DeclareFlags extends TargetFlags {
  readonly decimals?: number
  readonly name?: string
}

export function addAssetCommands(program: Command): void {
  addLedgerCommand(program, 'declare', 'Declares a kind of coin, or gives it another name.')
    .argument('<asset>', 'its code: up to 16 of a-z 0-9 _, a letter first')
    .option(
      '--decimals <count>',
      `decimal places of an amount, 0 to ${ASSET_DECIMALS_MAX}; cannot be changed later (default: 0). ${supplyText(ASSET_DECIMALS_MAX)}`,
      readWholeNumber,
    )
    .option('--name <text>', 'for people (default: the code)')
    .action((asset: string, flags: DeclareFlags) =>
      show(flags, 'write', async (ledger) => {
        const { decimals, name } = flags
        const declared = await ledger.declare({ asset, ...given({ decimals, name }) })
        const view = `${assetsView([declared])}\n${supplyText(declared.decimals)}`
        return { wire: assetToWire(declared), view }
      }),
    )

  addLedgerCommand(program, 'assets', 'Lists every kind of coin.').action((flags: TargetFlags) =>
    show(flags, 'read', async (ledger) => {
      const assets = await ledger.assets()
      return { wire: { items: assets.map(assetToWire), next: null }, view: assetsView(assets) }
    }),
  )
}
