/** Times this project's machine beside @ethereumjs/evm and anvil: loops, and transfers of a token. */

import { encodeFunctionData, getContractAddress, keccak256, parseAbi, toBytes } from 'viem'
import { allocationTokenAbi, allocationTokenCreationCode } from '../src/abi/allocation-token.gen.ts'
import { fromBigInt, fromHex, type Hex, padStart, toHex } from '../src/base/bytes.ts'
import type { Address, Transaction } from '../src/chain/ledger/transaction.ts'
import { createOracle } from '../test/fuzz/oracle.ts'
import { differences } from '../test/fuzz/outcome.ts'
import type { FuzzAccount, Scenario } from '../test/fuzz/scenario.ts'
import { createSubject } from '../test/fuzz/subject.ts'
import { openAnvil } from './anvil.ts'
import { inTurns, ratio, spreadOf, spreadText, table, timed } from './measure.ts'
import { type LoopProgram, loopPrograms, roundsData } from './programs.ts'

const address = (name: number): Address => padStart(fromBigInt(0xbe0000n + BigInt(name)), 20)
const [contract, beneficiary] = [address(1), address(2)]
/** Whose transfers are timed. */
export const senders = Array.from({ length: 20 }, (_, at) => address(100 + at))
const ether = 10n ** 18n

const block = {
  ...{ number: 1n, timestamp: 1_700_000_000n, beneficiary, difficulty: 0n, baseFeePerGas: 7n },
  ...{ gasLimit: 10n ** 12n, mixHash: new Uint8Array(32), excessBlobGas: 0n },
}

const subject = createSubject()
const oracle = createOracle()

function accountOf(address: Address, code: Uint8Array = new Uint8Array()): FuzzAccount {
  return { address, nonce: 0n, balance: 10n ** 6n * ether, pieces: [[...code]], storage: [] }
}

interface Sent {
  readonly nonce: bigint
  readonly to: Address | undefined
  readonly data: Uint8Array
  readonly gasLimit: bigint
}

const legacy = (sent: Sent): Transaction => ({
  ...{ type: 0, chainId: 1n, value: 0n, gasPrice: 10n, yParity: 0, r: 1n, s: 1n },
  ...sent,
})

function loopScenario({ code }: LoopProgram, rounds: number): Scenario {
  const sender = senders[0] as Address
  const call = { nonce: 0n, to: contract, data: roundsData(rounds), gasLimit: 10n ** 11n }
  return {
    ...{ fork: 'prague', block },
    accounts: [accountOf(sender), accountOf(contract, code)],
    transactions: [{ sender, transaction: legacy(call) }],
  }
}

type Machine = Pick<typeof subject, 'open'>

/** CPU seconds of the transactions alone. */
async function secondsOf({ open }: Machine, scenario: Scenario): Promise<number> {
  const session = await open(scenario)
  let effects: Awaited<ReturnType<typeof session.run>> = []
  const seconds = await timed(async () => {
    effects = await session.run()
  })
  await session.accounts()
  if (effects.some(({ succeeded }) => !succeeded)) throw new Error('a transaction failed')
  return seconds
}

/** Nanoseconds of one round: many less one. */
async function roundNs(machine: Machine, program: LoopProgram, rounds: number): Promise<number> {
  const many = await secondsOf(machine, loopScenario(program, rounds))
  const one = await secondsOf(machine, loopScenario(program, 1))
  return ((many - one) / (rounds - 1)) * 1e9
}

async function agreeing(scenario: Scenario): Promise<void> {
  const found = differences(await subject.run(scenario), await oracle.run(scenario))
  if (found.length > 0) throw new Error(`the machines do not agree:\n${found.join('\n')}`)
}

/** The loops: nanoseconds of a round, and ratios to the others. */
export async function loopTable(runs: number): Promise<string> {
  const anvil = await openAnvil()
  const rows: string[][] = []
  for (const program of loopPrograms) {
    const { name, code, rounds } = program
    await agreeing(loopScenario(program, 50))
    const found = await inTurns(runs, {
      ours: () => roundNs(subject, program, rounds),
      ethereumjs: () => roundNs(oracle, program, Math.ceil(rounds / 200)),
      ...(anvil && {
        anvil: async () => {
          const many = await anvil.call(code, roundsData(rounds))
          const one = await anvil.call(code, roundsData(1))
          return ((many - one) / (rounds - 1)) * 1e9
        },
      }),
    })
    const [ours, theirs, native] = [found.get('ours'), found.get('ethereumjs'), found.get('anvil')]
    rows.push([
      ...[name, `${spreadText(spreadOf(ours ?? []), 0)} ns`],
      ...[spreadText(ratio(theirs, ours), 0), spreadText(ratio(native, ours))],
    ])
  }
  await anvil?.stop()
  return table(['loop', 'one round', '@ethereumjs/evm ÷ ours', 'anvil ÷ ours'], rows)
}

const erc20 = parseAbi(['function transfer(address to, uint256 amount) returns (bool)'])
const allocatorRole = keccak256(toBytes('ALLOCATOR_ROLE'))

/** The token of this project (OpenZeppelin's ERC-20), with units for all senders, as accounts. */
export async function tokenAccounts(): Promise<{
  token: Address
  accounts: readonly FuzzAccount[]
}> {
  const admin = senders[0] as Address
  const token = fromHex(getContractAddress({ from: toHex(admin), nonce: 0n }).toLowerCase())
  const call = (data: Hex) => ({ to: token, data: fromHex(data), gasLimit: 300_000n })
  const abi = allocationTokenAbi
  const sent = [
    {
      ...{ to: undefined, gasLimit: 3_000_000n },
      data: fromHex(`${allocationTokenCreationCode}${padStart(admin, 32).toHex()}`),
    },
    call(
      encodeFunctionData({ abi, functionName: 'grantRole', args: [allocatorRole, toHex(admin)] }),
    ),
    ...senders.map((sender, at) => {
      const args = [toHex(sender), ether, toHex(padStart(Uint8Array.of(at), 32))] as const
      return call(encodeFunctionData({ abi, functionName: 'allocate', args }))
    }),
  ]
  const session = await subject.open({
    ...{ fork: 'prague', block },
    accounts: senders.map((sender) => accountOf(sender)),
    transactions: sent.map((one, nonce) => ({
      sender: admin,
      transaction: legacy({ ...one, nonce: BigInt(nonce) }),
    })),
  })
  const effects = await session.run()
  if (effects.some(({ succeeded }) => !succeeded)) throw new Error('the token was not set up')
  const accounts = (await session.accounts()).map(({ code, storage, ...account }) => ({
    ...{ ...account, nonce: account.address === token ? 1n : account.nonce },
    ...{ pieces: [[...code]], storage: [...storage] },
  }))
  return { token, accounts }
}

const recipients = 500

/** Calldata of the transfer of a unit to one of many accounts. */
export function transferData(at: number): Uint8Array {
  const to = toHex(address(10_000 + ((at * 7) % recipients)))
  return fromHex(encodeFunctionData({ abi: erc20, functionName: 'transfer', args: [to, 1n] }))
}

/** Transfers from all senders in turn to many accounts. */
async function transferScenario(count: number): Promise<Scenario> {
  const { token, accounts } = await tokenAccounts()
  const nonces = new Map(accounts.map((one) => [one.address.toHex(), one.nonce]))
  const transactions = Array.from({ length: count }, (_, at) => {
    const sender = senders[at % senders.length] as Address
    const nonce = nonces.get(sender.toHex()) ?? 0n
    nonces.set(sender.toHex(), nonce + 1n)
    return {
      sender,
      transaction: legacy({ nonce, to: token, data: transferData(at), gasLimit: 90_000n }),
    }
  })
  return { fork: 'prague', block, accounts, transactions }
}

/** Microseconds of an ERC-20 transfer from the purchase of gas to the receipt, and the ratio to @ethereumjs/evm. */
export async function transferTable(runs: number): Promise<string> {
  await agreeing(await transferScenario(200))
  const [many, few] = [await transferScenario(4_000), await transferScenario(1_000)]
  const microseconds = async (machine: Machine, scenario: Scenario, blocks: number) => {
    let seconds = 0
    for (let at = 0; at < blocks; at += 1) seconds += await secondsOf(machine, scenario)
    return (seconds / blocks / scenario.transactions.length) * 1e6
  }
  const found = await inTurns(runs, {
    ours: () => microseconds(subject, many, 8),
    ethereumjs: () => microseconds(oracle, few, 1),
  })
  const [ours = [], theirs = []] = [found.get('ours'), found.get('ethereumjs')]
  return table(
    ['work', 'one', '@ethereumjs/evm ÷ ours'],
    [['ERC-20 transfer', `${spreadText(spreadOf(ours))} µs`, spreadText(ratio(theirs, ours), 0)]],
  )
}
