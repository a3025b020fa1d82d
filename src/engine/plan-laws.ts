/** The laws that a plan must keep before anything of it is sent to the store. Upholds laws 1, 3 and 6. */
import { assertLaw } from '../domain/assert.ts'
import type { Plan } from '../domain/batch.ts'
import type { Work } from '../domain/command.ts'
import type { Changes } from '../domain/changes.ts'
import type { EntryRecord } from '../domain/journal.ts'

/** @throws Error that names the law which the plan would break */
export function assertLawful(work: readonly Work[], { outcomes, changes }: Plan): void {
  assertLaw(6, outcomes.length === work.length, 'a plan has one outcome for each piece of work')
  for (let index = 0; index < work.length; index++) {
    const item = work[index]!
    const outcome = outcomes[index]!
    const isAnswered = item.kind === 'group' ? lengthOf(outcome) === item.commands.length : 'status' in outcome
    assertLaw(6, isAnswered, 'a group has one outcome for each of its commands, any other work has one')
  }
  assertPostings(changes)
  for (const entry of changes.entries) if (entry.legs !== null) assertZeroPerAsset(entry)
}

/**
 * Law 3: every posting makes the next version of its balance, and the last one makes the balance's. Law 1: the postings of an entry,
 * which follow each other, sum to zero. Both in one loop: together they took 10 ns per freeze and 26 ns per settle, about 2 and 3 % of
 * deciding (2 cores, 2.6 GHz).
 */
function assertPostings({ balances, postings }: Changes): void {
  const versions = new Map<number, number>()
  for (const { before } of balances) versions.set(before.id, before.version)
  let entryId = ''
  let sum = 0n
  for (const posting of postings) {
    if (posting.entryId !== entryId) {
      assertLaw(1, sum === 0n, 'the postings of an entry sum to zero')
      entryId = posting.entryId
    }
    sum += posting.availableDelta + posting.heldDelta
    const isNext = versions.get(posting.balanceId) === posting.version - 1
    assertLaw(3, isNext, 'a posting makes the next version of its balance')
    versions.set(posting.balanceId, posting.version)
  }
  assertLaw(1, sum === 0n, 'the postings of an entry sum to zero')
  for (const { after } of balances) {
    assertLaw(3, versions.get(after.id) === after.version, 'a balance moves by as many versions as it has postings')
  }
}

/** For transfers across assets: the sum over all assets does not prove the sum of each. */
function assertZeroPerAsset({ postings }: EntryRecord): void {
  const sums = new Map<string, bigint>()
  for (const { posting } of postings) {
    const { asset, availableDelta, heldDelta } = posting
    sums.set(asset, (sums.get(asset) ?? 0n) + availableDelta + heldDelta)
  }
  for (const sum of sums.values()) assertLaw(1, sum === 0n, 'the postings of an entry sum to zero per asset')
}

function lengthOf(outcome: Plan['outcomes'][number]): number | null {
  return 'status' in outcome ? null : outcome.length
}
