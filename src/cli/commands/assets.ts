/** Assets: `declare`, `assets`. */
import type { Command } from 'commander'
import { supplyText } from '../../api/supply.ts'
import { assetToWire } from '../../api/asset.ts'
import { ASSET_DECIMALS_MAX } from '../../domain/asset.ts'
import { addWriteCommand, shownAnswer, type WriteFlags } from '../answers.ts'
import { given, readWholeNumber } from '../arguments.ts'
import { addLedgerCommand, show, type TargetFlags } from '../target.ts'
import { assetsView } from '../views.ts'

interface DeclareFlags extends WriteFlags {
  readonly decimals?: number
  readonly name?: string
}

export function addAssetCommands(program: Command): void {
  addWriteCommand(program, 'declare', 'Declares or renames an asset.')
    .argument('<asset>', 'code of the asset: 1 to 16 characters of a-z 0-9 _, beginning with a letter')
    .option(
      '--decimals <count>',
      `decimal places, 0 to ${ASSET_DECIMALS_MAX}; cannot be changed later (default: 0). ${supplyText(ASSET_DECIMALS_MAX)}`,
      readWholeNumber,
    )
    .option('--name <text>', 'name of the asset (default: the code)')
    .action((asset: string, flags: DeclareFlags) =>
      show(flags, 'write', async (ledger) => {
        const { decimals, name, ifReplayed } = flags
        const declared = await ledger.declare({ asset, ...given({ decimals, name, ifReplayed }) })
        const view = `${assetsView([declared])}\n${supplyText(declared.decimals)}`
        return shownAnswer('declare', declared, () => view)
      }),
    )

  addLedgerCommand(program, 'assets', 'Lists all assets.').action((flags: TargetFlags) =>
    show(flags, 'read', async (ledger) => {
      const assets = await ledger.assets()
      return { wire: { items: assets.map(assetToWire), next: null }, view: () => assetsView(assets) }
    }),
  )
}
