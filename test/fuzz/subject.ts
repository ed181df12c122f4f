/** Runs scenarios by the front door of this project's execution. */

import { createEvm } from '../../src/chain/evm/create-evm.ts'
import type { BlockContext, Evm } from '../../src/chain/evm/evm.ts'
import { type Hardfork, rulesOfOne } from '../../src/chain/ledger/fork-rules.ts'
import { decodeDifference } from '../../src/chain/state/difference-codec.ts'
import type { Difference } from '../../src/chain/state/state.ts'
import { genesisState } from '../../src/chain/state/trie-state.ts'
import { keccak256 } from '../../src/crypto/keccak.ts'
import { assemble } from './code.ts'
import { type AccountAfter, type Effect, type Outcome, outcomeOf, type Session } from './outcome.ts'
import { blockHashOf, fuzzChainId, type Scenario } from './scenario.ts'

/** Runs scenarios, one after the other. */
export interface Subject {
  run(scenario: Scenario): Promise<Outcome>
  /** Makes ready, so that the transactions alone can be timed. */
  open(scenario: Scenario): Promise<Session>
}

/** Builds one; a machine for each fork is made when it is first needed. */
export function createSubject(): Subject {
  const evms = new Map<Hardfork, Promise<Evm>>()
  const evmOf = (fork: Hardfork) => {
    const made = evms.get(fork) ?? createEvm(rulesOfOne(fuzzChainId, fork))
    evms.set(fork, made)
    return made
  }
  const open = async (scenario: Scenario): Promise<Session> => {
    const evm = await evmOf(scenario.fork)
    const accounts = scenario.accounts.map(({ pieces, ...account }) => ({
      ...account,
      code: assemble(pieces),
    }))
    const opened = await evm.openBlock(genesisState(accounts), contextOf(scenario), { bare: true })
    return {
      async run() {
        const effects: Effect[] = []
        for (const { sender, transaction } of scenario.transactions) {
          const result = await opened.add(transaction, sender)
          if (result.kind === 'invalid')
            throw new Error(`refused: ${result.rule}, ${result.detail}`)
          const { gasUsed, logs, succeeded } = result.receipt
          effects.push({ succeeded, gasUsed, output: result.output, logs: [...logs] })
        }
        return effects
      },
      async accounts() {
        const closed = await opened.finish([])
        if (closed.kind === 'invalid') throw new Error(`refused: ${closed.rule}, ${closed.detail}`)
        return accountsAfter(scenario, decodeDifference(closed.difference))
      },
    }
  }
  return {
    open,
    async run(scenario) {
      const session = await open(scenario)
      const effects = await session.run()
      return outcomeOf(effects, await session.accounts())
    },
  }
}

function contextOf({ block }: Scenario): BlockContext {
  const nothing = new Uint8Array(32)
  return {
    ...block,
    ...{ parentBeaconBlockRoot: nothing, parentHash: nothing },
    blockHash: (asked) => blockHashOf(asked, block.number),
  }
}

/** The accounts of the scenario with what the block did to them. */
function accountsAfter({ accounts }: Scenario, difference: Difference): readonly AccountAfter[] {
  const codes = new Map(difference.codes.map((code) => [keccak256(code).toHex(), code]))
  const after = new Map<string, AccountAfter>()
  for (const { address, nonce, balance, pieces, storage } of accounts) {
    const code = assemble(pieces)
    codes.set(keccak256(code).toHex(), code)
    after.set(address.toHex(), { address, nonce, balance, code, storage: new Map(storage) })
  }
  codes.set(keccak256(new Uint8Array()).toHex(), new Uint8Array())
  for (const { address, account, storageWiped, slots } of difference.accounts) {
    const name = address.toHex()
    const storage = new Map(storageWiped ? [] : after.get(name)?.storage)
    for (const [slot, value] of slots) storage.set(slot, value)
    if (account === undefined) after.delete(name)
    else {
      const { nonce, balance, codeHash } = account
      const code = codes.get(codeHash.toHex()) ?? Uint8Array.of(0xde, 0xad)
      after.set(name, { address, nonce, balance, code, storage })
    }
  }
  return [...after.values()]
}
