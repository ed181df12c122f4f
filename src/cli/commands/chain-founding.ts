/** The part of the command `chain` that founds a chain: keys of its validators, and the manifest that names them. */

import type { Hex } from '../../base/bytes.ts'
import { consensusNames } from '../../node/consensus-names.ts'
import type { Call, OwnFlag } from '../command.ts'
import { badUsage, numberOf, passwordOf, textOf } from '../flag-values.ts'

/** Flags of this part. */
export const chainFoundingFlags: readonly OwnFlag[] = [
  {
    name: 'engine',
    value: 'E',
    description: `Of a chain to found: ${consensusNames.join(', ')}; of a fork`,
  },
  { name: 'validators', value: 'N', description: 'How many found it, default 4' },
  { name: 'scheme', value: 'S', description: 'How a validator signs, default ml-dsa-65' },
  { name: 'name', value: 'NAME', description: 'Of the chain that is founded' },
  { name: 'fund', value: 'A=ETHER,…', description: 'Ether of accounts at the birth' },
  { name: 'founder-ether', value: 'N', description: 'Ether of each founder, default 1000' },
  {
    name: 'owner',
    value: 'A',
    description: 'Who changes the set: an address, members (default) or nobody',
  },
  { name: 'block-time', value: 'S', description: 'Seconds between its blocks' },
  { name: 'password-file', value: 'F', description: 'Reads the password of keys there' },
]

/** What help says of it. */
export const chainFoundingDetails = [
  'init --engine E --out FOLDER founds a chain: it makes an encrypted key file for each of its validators, and the manifest',
  'that all its nodes start by. The account of a key file gets what its validator earns, and has its rights. What the folder',
  'has already is kept, so that the same command makes it whole after it was cut off; a manifest that is there is never written.',
].join('\n')

/** Founds a chain; `undefined` if the words name something else. */
export async function runChainFounding(call: Call): Promise<number | undefined> {
  const [what, file] = call.words
  const { engine, out } = call.own
  if (what !== 'init' || file !== undefined) return undefined
  if (typeof engine !== 'string' || typeof out !== 'string') {
    throw badUsage(
      'chain',
      'a chain is founded by --engine E --out FOLDER, or made by the manifest in a FILE',
    )
  }
  const { foundChain } = await import('../../node/found-chain.ts')
  const found = await foundChain({
    ...{ folder: out, engine, accounts: fundsOf(call), owner: textOf(call, 'owner') },
    founderEther: numberOf(call, 'founder-ether', { least: 0, rest: 1_000 }),
    name: textOf(call, 'name') ?? engine,
    chainId: numberOf(call, 'chain-id', { least: 1, rest: 7_100 }),
    validators: numberOf(call, 'validators', { least: 1, rest: 4 }),
    scheme: textOf(call, 'scheme') ?? 'ml-dsa-65',
    ...(call.own['block-time'] !== undefined && {
      blockTimeMs: 1_000 * numberOf(call, 'block-time', { least: 1, rest: 1 }),
    }),
    askPassword: () => passwordOf(call, { question: 'Password of the keys', twice: true }),
  })
  if (call.own.json) console.log(JSON.stringify(found, null, 2))
  else {
    console.log(
      found.isNew ? `${found.manifest} is written` : `${found.manifest} was there, and is kept`,
    )
    for (const { file: key, account } of found.keys) console.log(`${key}  account ${account}`)
    console.log(
      `start each node with: --genesis ${found.manifest} --validator-key-file KEY --validator-scheme ${found.scheme}`,
    )
  }
  return 0
}

function fundsOf(call: Call) {
  const fund = textOf(call, 'fund')
  return (fund?.split(',') ?? []).filter(Boolean).map((one) => {
    const [, address, ether] = /^(0x[0-9a-fA-F]{40})=(\d{1,12})$/.exec(one) ?? []
    if (address === undefined || ether === undefined)
      throw badUsage('chain', `--fund is ADDRESS=ETHER, with commas between them, not "${one}"`)
    return { address: address as Hex, balance: BigInt(ether) * 10n ** 18n }
  })
}
