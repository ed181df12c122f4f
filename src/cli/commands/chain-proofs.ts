/** The parts of the command `chain` about certificates: exports a proof that a block is final, and checks one. */

import { writeFile } from 'node:fs/promises'
import type { Json } from '../../base/json-rpc.ts'
import type { FinalBlock } from '../../node/finality-file.ts'
import { configOf } from '../call-config.ts'
import type { Call, OwnFlag } from '../command.ts'
import { badUsage } from '../flag-values.ts'
import { type AskRpc, rpcOf } from '../rpc-client.ts'

/** Flags of these parts. */
export const chainProofFlags: readonly OwnFlag[] = [
  { name: 'chain-key', value: 'KEY', description: 'Key of the chain that a proof is of' },
  {
    name: 'with',
    value: 'FOLDER|FILE',
    description: 'Other data folder, or file of a proof, that forensics compares with',
  },
  {
    name: 'out',
    value: 'FILE',
    description: 'File of a proof, default the terminal; folder of a founded chain',
  },
]

/** What help says of them. */
export const chainProofDetails = [
  'certificate asks the running node for the proof that a block is final, from the first block or the one of --trust on;',
  'verify-proof checks such a file without a node, by what you trust: the manifest of the chain (--genesis FILE), or its',
  'key and a block (--chain-key KEY --trust HEIGHT:HASH). Exit code 0: the block is final; 1: the proof does not hold.',
  'forensics compares what a stored chain (--data) and another store (--with) have decided at a height, and names those',
  'who signed both blocks, by their certificates. Exit code 0: nobody is guilty; 1: somebody is.',
].join('\n')

/** A page of a proof, as the node gives it. */
interface ProofPage {
  readonly number: string
  readonly isWhole: boolean
  readonly steps: readonly Json[]
  readonly [field: string]: Json
}

/** Runs one of them; `undefined` if the words name none. */
export async function runChainProofs(call: Call): Promise<number | undefined> {
  const [what, which, chain] = call.words
  if (which === undefined) return undefined
  if (what === 'certificate') return exportProof(call, which, chain)
  if (what === 'verify-proof' && chain === undefined) return verifyProof(call, which)
  if (what === 'forensics') return showForensics(call, which, chain)
  return undefined
}

async function exportProof(call: Call, height: string, chain: string | undefined): Promise<number> {
  if (!/^\d{1,18}$/.test(height)) throw badUsage('chain', `"${height}" is no height`)
  const ask = await rpcOf(call, chain)
  const proof = await wholeProof(ask, trustedOf(call)?.number ?? 0n, BigInt(height))
  const text = `${JSON.stringify(proof, null, 2)}\n`
  const { out } = call.own
  if (typeof out !== 'string') {
    process.stdout.write(text)
    return 0
  }
  await writeFile(out, text)
  console.log(`${out} proves that block ${height}, ${proof.hash}, is final`)
  return 0
}

/** Joins the pages of a long proof. */
async function wholeProof(ask: AskRpc, from: bigint, to: bigint): Promise<ProofPage> {
  let proof = await page(ask, from, to)
  while (!proof.isWhole) {
    const next = await page(ask, BigInt(proof.number), to)
    proof = {
      ...{ ...next, from: proof.from ?? null, start: proof.start ?? null },
      steps: [...proof.steps, ...next.steps],
    }
  }
  return proof
}

function page(ask: AskRpc, from: bigint, to: bigint): Promise<ProofPage> {
  return ask<ProofPage>('qs_finalityProof', `0x${from.toString(16)}`, `0x${to.toString(16)}`)
}

async function showForensics(
  call: Call,
  height: string,
  name: string | undefined,
): Promise<number> {
  const other = call.own.with
  if (!/^[1-9]\d{0,17}$/.test(height))
    throw badUsage('chain', `"${height}" is no height of a block`)
  if (typeof other !== 'string') {
    throw badUsage('chain', 'forensics needs another store: --with FOLDER or FILE')
  }
  const { values } = await configOf(call)
  const { forensicsOf } = await import('../../node/chain-forensics.ts')
  const found = await forensicsOf({ data: values.data, name, height: BigInt(height), other })
  if (call.own.json) console.log(JSON.stringify(found, null, 2))
  else {
    for (const { round, hash } of found.decided) console.log(`decided in round ${round}: ${hash}`)
    for (const { address, fault, weight } of found.guilty) {
      console.log(`${fault}: validator ${address}, weight ${weight}`)
    }
    console.log(
      found.missing === undefined
        ? `guilty: ${found.weight} of the weight of ${found.total}`
        : `nobody can be named without ${found.missing}`,
    )
  }
  return found.guilty.length > 0 ? 1 : 0
}

async function verifyProof(call: Call, file: string): Promise<number> {
  const { genesis, 'chain-key': chainKey } = call.own
  const { verifyProofFile } = await import('../../node/finality-file.ts')
  const block = await verifyProofFile(file, {
    ...(typeof genesis === 'string' && { genesis }),
    ...(typeof chainKey === 'string' && { chainKey }),
    ...(call.flags.trust !== undefined && { trusted: trustedOf(call) }),
  })
  console.log(call.own.json ? jsonOf(block) : `block ${block.number}, ${block.hash}, is final`)
  return 0
}

function jsonOf(block: FinalBlock): string {
  const text = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
  return JSON.stringify(block, text, 2)
}

/** The block that a flag names as trusted. */
function trustedOf(call: Call): { readonly number: bigint; readonly hash: string } | undefined {
  const { trust } = call.flags
  if (trust === undefined) return undefined
  const [, number, hash] = /^(\d{1,18}):(0x[0-9a-fA-F]{64})$/.exec(String(trust)) ?? []
  if (number !== undefined && hash !== undefined) return { number: BigInt(number), hash }
  throw badUsage('chain', `--trust is HEIGHT:HASH, such as 12000:0x…, not "${trust}"`)
}
