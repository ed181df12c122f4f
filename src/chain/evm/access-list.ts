/** Finds the addresses and slots that a message touches (eth_createAccessList). */

import { fromBigInt, padStart } from '../../base/bytes.ts'
import type { AccessListEntry } from '../ledger/transaction.ts'
import type { CallMessage, CallResult } from './evm.ts'
import type { Watcher } from './watcher.ts'

/** Rounds after which an access list that still changes is taken as it is. */
const maxRounds = 8

/** Runs a message that is watched. */
export type WatchedRun = (message: CallMessage, watcher: Watcher) => Promise<CallResult>

/** Runs a message until the list of what it touches stays the same, since the list changes what it costs. */
export async function createAccessList(
  run: WatchedRun,
  message: CallMessage,
): Promise<{ readonly accessList: readonly AccessListEntry[]; readonly result: CallResult }> {
  let { accessList } = message
  for (let round = 1; ; round += 1) {
    const touched = new Map<string, Set<bigint>>()
    for (const { address, slots } of accessList) touched.set(address.toHex(), new Set(slots))
    const result = await run({ ...message, accessList }, touchWatcher(touched))
    const next = worthListing(touched, message)
    if (sameList(next, accessList) || round === maxRounds) return { accessList: next, result }
    accessList = next
  }
}

/** Opcodes that look at a slot, and at the account at the top of the stack or below it. */
const looksAtSlot = new Set([0x54, 0x55])
const looksAtAccount = new Set([0x31, 0x3b, 0x3c, 0x3f, 0xff])
const calls = new Set([0xf1, 0xf2, 0xf4, 0xfa])

function touchWatcher(touched: Map<string, Set<bigint>>): Watcher {
  const slotsOf = (address: Uint8Array) => {
    const name = address.toHex()
    const slots = touched.get(name) ?? new Set()
    touched.set(name, slots)
    return slots
  }
  const addressIn = (word: bigint) => padStart(fromBigInt(BigInt.asUintN(160, word)), 20)
  return {
    steps: true,
    step({ op, words, address, word }) {
      if (looksAtSlot.has(op) && words >= 1) slotsOf(address).add(word(0))
      else if (looksAtAccount.has(op) && words >= 1) slotsOf(addressIn(word(0)))
      else if (calls.has(op) && words >= 2) slotsOf(addressIn(word(1)))
    },
    enter: ({ to }) => void slotsOf(to),
  }
}

/** Sender, target and precompiles are warm anyway: they are listed only for their slots. */
function worthListing(
  touched: ReadonlyMap<string, ReadonlySet<bigint>>,
  { from, to }: CallMessage,
): readonly AccessListEntry[] {
  const free = new Set([from.toHex(), to?.toHex()])
  const isPrecompile = (address: string) => {
    const number = BigInt(`0x${address}`)
    return number > 0n && number <= 0x100n
  }
  return [...touched]
    .filter(([address, slots]) => slots.size > 0 || !(free.has(address) || isPrecompile(address)))
    .map(([address, slots]) => ({ address: Uint8Array.fromHex(address), slots: [...slots] }))
}

function sameList(a: readonly AccessListEntry[], b: readonly AccessListEntry[]): boolean {
  const text = (list: readonly AccessListEntry[]) =>
    list
      .map(({ address, slots }) => `${address.toHex()}:${slots.map(String).sort().join(',')}`)
      .sort()
      .join(';')
  return text(a) === text(b)
}
