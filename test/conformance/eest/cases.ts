/** Runs all tests of one file of the public execution tests. */

import { createEvm } from '../../../src/chain/evm/create-evm.ts'
import type { Evm } from '../../../src/chain/evm/evm.ts'
import type { ChainRules } from '../../../src/chain/ledger/fork-rules.ts'
import type { Accounts } from './accounts.ts'
import { type BlockTest, blockFault } from './block-case.ts'
import { chainRulesOf, type TestConfig } from './forks.ts'
import { type StateTest, stateFault } from './state-case.ts'

/** What came of a file. */
export interface FileResult {
  readonly passed: number
  /** The name of each test that failed, and why. */
  readonly faults: readonly string[]
  /** Tests of a fork that is not known here, or of another kind. */
  readonly leftOut: number
}

/** Packed block tests leave out what is alike in nearly all of them. */
interface Packed {
  readonly pre: Record<string, Accounts[string]>
  readonly preBase?: readonly string[]
}

/** Runs files one after the other. */
export class FileRunner {
  readonly #baseAccounts: Accounts
  /** By fork and settings. */
  readonly #chains = new Map<string, Promise<{ rules: ChainRules; evm: Evm } | undefined>>()

  /** `baseAccounts` are the accounts that packed tests leave out. */
  constructor(baseAccounts: Accounts) {
    this.#baseAccounts = baseAccounts
  }

  /** Runs the tests of a file, given as its text. */
  async run(text: string): Promise<FileResult> {
    const faults: string[] = []
    let passed = 0
    let leftOut = 0
    const tests = JSON.parse(text) as Record<string, Partial<StateTest & BlockTest & Packed>>
    for (const [name, test] of Object.entries(tests)) {
      for (const one of this.#casesOf(test)) {
        const fault = await one().catch((error: unknown) => String(error))
        if (fault === undefined) passed += 1
        else if (fault === unknownFork) leftOut += 1
        else faults.push(`${name}: ${fault}`)
      }
    }
    return { passed, faults, leftOut }
  }

  #casesOf(test: Partial<StateTest & BlockTest & Packed>): (() => Promise<string | undefined>)[] {
    if (test.post && test.env) {
      const whole = test as StateTest
      return Object.entries(whole.post).flatMap(([fork, results]) =>
        results.map((result) => async () => {
          const chain = await this.#chainOf(fork, whole.config)
          return chain ? stateFault(chain.evm, whole, result) : unknownFork
        }),
      )
    }
    if (test.blocks && test.genesisRLP) {
      const whole = this.#unpacked(test as BlockTest & Packed)
      return [
        async () => {
          const chain = await this.#chainOf(whole.network, whole.config)
          return chain ? blockFault(chain.evm, chain.rules, whole) : unknownFork
        },
      ]
    }
    return [async () => unknownFork]
  }

  #chainOf(fork: string, config: TestConfig = {}) {
    const key = JSON.stringify([fork, config])
    const known = this.#chains.get(key)
    if (known) return known
    const rules = chainRulesOf(fork, config)
    const made = rules
      ? createEvm(rules).then((evm) => ({ rules, evm }))
      : Promise.resolve(undefined)
    this.#chains.set(key, made)
    return made
  }

  #unpacked(test: BlockTest & Packed): BlockTest {
    const { preBase = [], pre } = test
    const base = preBase.map((address) => [address, this.#baseAccounts[address]] as const)
    return { ...test, pre: { ...pre, ...(Object.fromEntries(base) as Accounts) } }
  }
}

const unknownFork = 'a fork that is not known here'
