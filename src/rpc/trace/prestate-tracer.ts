/** Tells what the accounts that a transaction touches held before, and after, as geth's prestateTracer does. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { FrameStart, Step } from '../../chain/evm/watcher.ts'
import type { Address } from '../../chain/ledger/transaction.ts'
import type { StateReader } from '../../chain/state/state.ts'
import { toQuantity, toWord } from '../format/quantity.ts'
import type { Traced, Tracer } from './tracer.ts'

/** What is told of the accounts. */
export interface PrestateOptions {
  /** What changed, before and after, and nothing else. */
  readonly diff: boolean
  readonly code: boolean
  readonly storage: boolean
  /** Accounts that do not exist, too. */
  readonly empty: boolean
}

interface Held {
  readonly address: Address
  readonly exists: boolean
  readonly balance: bigint
  readonly nonce: bigint
  readonly code: Uint8Array
  readonly slots: Map<bigint, bigint>
}

const [sload, sstore] = [0x54, 0x55]
/** BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SELFDESTRUCT: their account is the top of the stack. */
const looks: readonly number[] = [0x31, 0x3b, 0x3c, 0x3f, 0xff]
/** CALL, CALLCODE, DELEGATECALL, STATICCALL: their account is the second word. */
const calls: readonly number[] = [0xf1, 0xf2, 0xf4, 0xfa]

/** One for each transaction. */
export class PrestateTracer implements Tracer {
  readonly steps = true
  readonly #options: PrestateOptions
  readonly #traced: Traced
  /** By address in hex, in the order of the first look. */
  readonly #held = new Map<string, Held>()
  #state: StateReader | undefined
  #after: Record<string, Json> | undefined

  constructor(options: PrestateOptions, traced: Traced) {
    this.#options = options
    this.#traced = traced
  }

  begin(state: StateReader): void {
    this.#state = state
    const { from, to, beneficiary, authorities } = this.#traced
    for (const address of [from, to, beneficiary, ...authorities]) if (address) this.#look(address)
  }

  step({ op, address, words, word }: Step): void {
    if ((op === sload || op === sstore) && words > 0) this.#lookAtSlot(address, word(0))
    else if (looks.includes(op) && words > 0) this.#look(addressOf(word(0)))
    else if (calls.includes(op) && words > 1) this.#look(addressOf(word(1)))
  }

  enter({ to }: FrameStart): void {
    this.#look(to)
  }

  end(state: StateReader): void {
    if (this.#options.diff) this.#after = this.#differences(state)
  }

  result(): Json {
    const shown = [...this.#held.values()].filter(({ exists }) => exists || this.#options.empty)
    const pre = Object.fromEntries(
      shown.map((held) => [toHex(held.address), this.#accountJson(held)]),
    )
    return this.#after ? { pre, post: this.#after } : pre
  }

  #look(address: Address): Held | undefined {
    const name = address.toHex()
    const known = this.#held.get(name)
    if (known || !this.#state) return known
    const account = this.#state.account(address)
    const held: Held = {
      ...{ address, exists: account !== undefined, slots: new Map() },
      ...{ balance: account?.balance ?? 0n, nonce: account?.nonce ?? 0n },
      code: account ? this.#state.code(account.codeHash) : new Uint8Array(),
    }
    this.#held.set(name, held)
    return held
  }

  #lookAtSlot(address: Address, slot: bigint): void {
    const slots = this.#look(address)?.slots
    if (!this.#options.storage || !slots || slots.has(slot)) return
    slots.set(slot, this.#state?.storage(address, slot) ?? 0n)
  }

  #accountJson({ balance, nonce, code, slots }: Held): Json {
    const storage = [...slots].filter(([, value]) => value !== 0n || !this.#options.diff)
    return {
      balance: toQuantity(balance),
      ...(nonce > 0n && { nonce: Number(nonce) }),
      ...(this.#options.code && code.length > 0 && { code: toHex(code) }),
      ...(storage.length > 0 && { storage: slotsJson(storage) }),
    }
  }

  /** What the accounts hold now otherwise; those that hold the same are forgotten, and so are their same slots. */
  #differences(state: StateReader): Record<string, Json> {
    const after: Record<string, Json> = {}
    for (const [name, held] of this.#held) {
      const account = state.account(held.address)
      const code = account ? state.code(account.codeHash) : new Uint8Array()
      const changed: Json = {
        ...(account &&
          account.balance !== held.balance && { balance: toQuantity(account.balance) }),
        ...(account && account.nonce !== held.nonce && { nonce: Number(account.nonce) }),
        ...(account &&
          this.#options.code &&
          code.toHex() !== held.code.toHex() && { code: toHex(code) }),
        ...this.#changedSlots(held, state),
      }
      const isGone = held.exists && account === undefined
      if (Object.keys(changed).length > 0) after[toHex(held.address)] = changed
      else if (!isGone) this.#held.delete(name)
    }
    return after
  }

  #changedSlots({ address, slots }: Held, state: StateReader) {
    const values: [bigint, bigint][] = []
    let changes = 0
    for (const [slot, value] of slots) {
      const now = state.storage(address, slot)
      if (now === value) slots.delete(slot)
      else changes += 1
      if (now !== value && now !== 0n) values.push([slot, now])
    }
    if (changes === 0) return {}
    return { storage: slotsJson(values) }
  }
}

function slotsJson(slots: readonly (readonly [bigint, bigint])[]): Json {
  return Object.fromEntries(slots.map(([slot, value]) => [toWord(slot), toWord(value)]))
}

function addressOf(word: bigint): Address {
  return Uint8Array.fromHex((word & ((1n << 160n) - 1n)).toString(16).padStart(40, '0'))
}
