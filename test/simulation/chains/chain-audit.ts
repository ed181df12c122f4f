/** Replays the chain of a node from its first block, by the rules alone, when its run is over (S2). */

import { equalBytes } from '../../../src/base/bytes.ts'
import { runBlock } from '../../../src/chain/block-building.ts'
import { closingOn } from '../../../src/chain/block-closing.ts'
import type { SealedHeader } from '../../../src/chain/consensus/consensus.ts'
import { type Derived, derivedHash } from '../../../src/chain/consensus/derived.ts'
import { decodeRecord } from '../../../src/chain/consensus/record.ts'
import type { Block } from '../../../src/chain/ledger/block.ts'
import { PropertyFailure } from '../observer.ts'
import { firstTurns, proposersAt, turnsAfter } from '../turns.ts'
import type { ChainWorld } from './chain-world.ts'
import type { Machine } from './machine.ts'

const endOfTime = Number.MAX_SAFE_INTEGER

/** @throws PropertyFailure S2 for a block that a rule forbids */
export async function auditChain({ ground, plan }: ChainWorld, machine: Machine): Promise<void> {
  const { genesis, evm, rules, engine } = ground
  const seen = new Map<string, { readonly block: SealedHeader; readonly derived: Derived }>()
  const first = genesis.executed.block
  seen.set(first.hash.toHex(), { block: first, derived: ground.derived })
  let [state, parent, derived] = [genesis.state, first, ground.derived]
  let turns = firstTurns(ground.derived.validators)
  const sets = [ground.derived.validators, ground.derived.validators]
  const reader = {
    header: (hash: Uint8Array) => seen.get(hash.toHex())?.block,
    derived: (hash: Uint8Array) => seen.get(hash.toHex())?.derived,
    setAt: (height: bigint) => sets[Number(height)],
    totalWork: (hash: Uint8Array) => seen.get(hash.toHex())?.derived.totalWork,
  }
  for (let at = 1n; at <= machine.height; at += 1n) {
    const executed = machine.chain?.byNumber(at)
    if (executed === undefined) throw new PropertyFailure('S3', `block ${at} is not there`)
    const { block, senders } = executed
    const verdict = engine.checkHeader(reader, block, endOfTime)
    if (verdict.kind !== 'valid') throw invalid(at, JSON.stringify(verdict))
    const blockHash = (number: bigint) => machine.chain?.blockHash(number)
    const close = closingOn(engine, derived, reader.derived)
    const site = { evm, rules, parent: parent.header, state, blockHash, close }
    const ran = await runBlock(site, { block, senders })
    if ('kind' in ran) throw invalid(at, `${ran.rule}: ${ran.detail}`)
    const { round } = decodeRecord(block.record ?? new Uint8Array())
    if (plan.engine === 'bft') {
      const proposer = turns.validators.list[proposersAt(turns)(round)]
      if (!proposer || !equalBytes(proposer.payTo, block.header.beneficiary)) {
        throw new PropertyFailure('turn', `block ${at} was made out of turn`)
      }
      const { hasAbsences } = plan
      turns = turnsAfter(turns, round, { hasAbsences, next: derived.nextValidators })
    }
    if (ran.derived === undefined) throw invalid(at, 'nothing follows from it')
    checkDerived(at, ran.derived, machine)
    seen.set(block.hash.toHex(), { block, derived: ran.derived })
    sets.push(ran.derived.validators)
    ;[state, parent, derived] = [ran.state, block, ran.derived]
  }
}

function checkDerived(at: bigint, derived: Derived, machine: Machine): void {
  const next: Block | undefined = machine.chain?.byNumber(at + 1n)?.block
  if (!next?.record) return
  if (equalBytes(decodeRecord(next.record).derivedHash, derivedHash(derived))) return
  throw new PropertyFailure(
    'S8',
    `another thing follows from block ${at} than block ${at + 1n} says`,
  )
}

function invalid(at: bigint, detail: string): PropertyFailure {
  return new PropertyFailure('S2', `final block ${at} is not valid: ${detail}`)
}
