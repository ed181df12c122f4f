/** Describes what a scenario gave, as plain text, so that two machines can be compared. */

import { toHex } from '../../src/base/bytes.ts'
import type { Log } from '../../src/chain/ledger/log-list.ts'

/** What a machine made of a scenario: a line for everything that can be compared. */
export type Outcome = ReadonlyMap<string, string>

/** What a transaction gave. */
export interface Effect {
  readonly succeeded: boolean
  readonly gasUsed: bigint
  readonly output: Uint8Array
  readonly logs: readonly Log[]
}

/** An account afterwards. */
export interface AccountAfter {
  readonly address: Uint8Array
  readonly nonce: bigint
  readonly balance: bigint
  readonly code: Uint8Array
  readonly storage: ReadonlyMap<bigint, bigint>
}

/** A scenario that is ready to run, once. */
export interface Session {
  run(): Promise<readonly Effect[]>
  /** All accounts after the run. */
  accounts(): Promise<readonly AccountAfter[]>
}

/** Everything that both machines must agree on. */
export function outcomeOf(effects: readonly Effect[], accounts: readonly AccountAfter[]): Outcome {
  const lines = new Map<string, string>()
  for (const [at, { succeeded, gasUsed, output, logs }] of effects.entries()) {
    lines.set(`transaction ${at}: success`, String(succeeded))
    lines.set(`transaction ${at}: gas`, String(gasUsed))
    lines.set(`transaction ${at}: output`, toHex(output))
    for (const [place, { address, topics, data }] of logs.entries()) {
      const text = [toHex(address), topics.map(toHex).join(','), toHex(data)].join(' ')
      lines.set(`transaction ${at}: log ${place}`, text)
    }
  }
  for (const { address, nonce, balance, code, storage } of accounts) {
    const name = `account ${toHex(address)}`
    lines.set(`${name}: nonce and balance`, `${nonce} ${balance}`)
    lines.set(`${name}: code`, toHex(code))
    for (const [slot, value] of storage) {
      if (value !== 0n) lines.set(`${name}: slot ${slot}`, String(value))
    }
  }
  return lines
}

/** One line for each difference. */
export function differences(ours: Outcome, theirs: Outcome): readonly string[] {
  const names = new Set([...ours.keys(), ...theirs.keys()])
  return [...names].flatMap((name) => {
    const [mine, other] = [ours.get(name) ?? 'nothing', theirs.get(name) ?? 'nothing']
    return mine === other ? [] : [`${name}: ${mine}, the second opinion says ${other}`]
  })
}
