/** Writes scenarios as JSON and reads them, so that one that was found can be kept as a test. */

import { fromHex, toHex } from '../../src/base/bytes.ts'
import { assemble } from './code.ts'
import { disassemble } from './opcodes.ts'
import type { Scenario } from './scenario.ts'

const bigintMark = /^-?[0-9]+n$/

/** JSON in which bytes are hex, big numbers end in n, and programs are only code. */
export function writeScenario(scenario: Scenario): string {
  const flat = {
    ...scenario,
    accounts: scenario.accounts.map(({ pieces, ...account }) => ({
      ...account,
      pieces: assemble(pieces),
    })),
  }
  return JSON.stringify(flat, (_, value) => {
    if (typeof value === 'bigint') return `${value}n`
    return value instanceof Uint8Array ? toHex(value) : value
  })
}

/** What {@link writeScenario} wrote; each program is one piece. */
export function readScenario(text: string): Scenario {
  const read = JSON.parse(text, (_, value) => {
    if (typeof value !== 'string') return value
    if (bigintMark.test(value)) return BigInt(value.slice(0, -1))
    return value.startsWith('0x') ? fromHex(value) : value
  })
  return {
    ...read,
    accounts: read.accounts.map(({ pieces, ...account }: { pieces: Uint8Array }) => ({
      ...account,
      pieces: [[...pieces]],
    })),
  }
}

/** The programs as opcodes. */
export function describeScenario({ fork, accounts, transactions }: Scenario): string {
  const programs = accounts
    .filter(({ pieces }) => pieces.length > 0)
    .map(({ address, pieces }) => `  ${toHex(address)}: ${disassemble(assemble(pieces))}`)
  const sent = transactions.map(({ sender, transaction: { type, to, gasLimit, data } }) => {
    const target = to ? toHex(to) : `new: ${disassemble(data)}`
    return `  type ${type}, ${toHex(sender)} to ${target}, gas ${gasLimit}`
  })
  return [`${fork}:`, ...programs, ...sent].join('\n')
}
