/** Compares the checkpoint of a chain's state with the state that its block left. */

import { equalBytes, toHex } from '../base/bytes.ts'
import { keccak256 } from '../crypto/keccak.ts'
import type { GenesisAccount } from './ledger/manifest.ts'
import type { Resumption } from './resumption.ts'
import type { AccountChange, State, StateReader } from './state/state.ts'

/** Accounts that are remembered, so that those that change often are not compared each time. */
const maxRemembered = 100_000

/** Compares what blocks have changed; every account of a state comes from its birth or from a change. */
export class CheckpointCheck {
  readonly #kept: Resumption
  readonly #seen = new Set<string>()
  /** The state that the log gives after the checkpoint's block, once it was met. */
  #expected: State | undefined

  constructor(kept: Resumption) {
    this.#kept = kept
  }

  /** Hears of each block's state; those of other blocks are passed over. */
  meet(hash: Uint8Array, state: State): void {
    if (!equalBytes(hash, this.#kept.hash)) return
    this.#expected?.release()
    this.#expected = state.hold()
  }

  /** What is wrong with the checkpoint as a whole. */
  fault(): string | undefined {
    const { number, hash, state } = this.#kept
    const name = `the checkpoint of the state (block ${number}, ${toHex(hash)})`
    if (this.#expected === undefined) return `${name} is of a block that the log does not hold`
    if (equalBytes(state.root, this.#expected.root)) return undefined
    return `${name} has the root ${toHex(state.root)}, not ${toHex(this.#expected.root)}`
  }

  /** What is wrong with what a block, or the birth, has changed. */
  *faultsOf(changes: Iterable<AccountChange | GenesisAccount>): Generator<string> {
    if (this.#expected === undefined) return
    for (const change of changes) {
      const { address } = change
      const slots = ('slots' in change ? change.slots : change.storage).map(([slot]) => slot)
      const name = `${address.toHex()} ${slots.join(' ')}`
      if (this.#seen.has(name)) continue
      if (this.#seen.size >= maxRemembered) this.#seen.clear()
      this.#seen.add(name)
      const [kept, expected] = [this.#kept.state, this.#expected].map((state) =>
        textOf(state, address, slots),
      )
      if (kept === expected) continue
      yield `the checkpoint of the state has ${kept} for ${toHex(address)}, not ${expected}`
    }
  }

  end(): void {
    this.#expected?.release()
    this.#kept.state.release()
  }
}

/** An account with its code and some of its slots; what cannot be read is said. */
function textOf(state: StateReader, address: Uint8Array, slots: readonly bigint[]): string {
  try {
    const account = state.account(address)
    if (account === undefined) return 'no account'
    const { nonce, balance, codeHash } = account
    const code = toHex(keccak256(state.code(codeHash)))
    const values = slots.map((slot) => `, slot ${slot}: ${state.storage(address, slot)}`)
    const fields = `nonce ${nonce}, balance ${balance}, code ${toHex(codeHash)}`
    const damage = code === toHex(codeHash) ? '' : ', which is damaged'
    return fields + damage + values.join('')
  } catch (error) {
    return `what cannot be read (${(error as Error).message})`
  }
}
