/** The parts of the command `chain` that work on a stored chain: export, import and verify. */

import type { Progress } from '../../node/stored-chain.ts'
import { configOf } from '../call-config.ts'
import type { Call, OwnFlag } from '../command.ts'
import { badUsage } from '../flag-values.ts'
import { interrupted, interruption } from '../interruption.ts'

/** Flags of these parts. */
export const chainFileFlags: readonly OwnFlag[] = [
  { name: 'form', value: 'FORM', description: 'Of the exported file: rlp (default) or era' },
  { name: 'from', value: 'N', description: 'First block to export, default 0' },
  { name: 'to', value: 'N', description: 'Last block to export, default the head' },
  {
    name: 'genesis',
    value: 'FILE',
    description:
      'Birth of the chain, to import or to trust: a genesis file of an Ethereum client, or a manifest',
  },
  { name: 'run', description: 'Lets verify run every transaction again' },
]

/** What help says of them. */
export const chainFileDetails = [
  'export writes the blocks of a stored chain to a file, import adds those of a file (of either form), verify reads',
  'what is stored and says what differs. No node may run on the data folder meanwhile. Each can be interrupted: export',
  'and import go on where they were, verify begins anew. Exit code 0: done; 1: failed, refused or differing; 130: interrupted.',
].join('\n')

/** Pause between two lines of progress. */
const progressMs = 2_000

/** Runs one of them; `undefined` if the words name none. */
export async function runChainFiles(call: Call): Promise<number | undefined> {
  const [what, file, name] = call.words
  if (what === 'export' && file !== undefined) return runExport(call, file, name)
  if (what === 'import' && file !== undefined) return runImport(call, file, name)
  if (what === 'verify' && name === undefined) return runVerify(call, file)
  return undefined
}

async function runExport(call: Call, file: string, name: string | undefined): Promise<number> {
  const { form = 'rlp' } = call.own
  if (form !== 'rlp' && form !== 'era')
    throw badUsage('chain', `--form is rlp or era, not "${form}"`)
  const { exportStoredChain } = await import('../../node/stored-chain.ts')
  const { blocks, isWhole } = await exportStoredChain({
    ...(await workOf(call, name)),
    ...{ file, form, from: numberOf(call, 'from'), to: numberOf(call, 'to') },
  })
  if (!isWhole) return leave(`${file}.part holds what was written`)
  console.log(`${blocks} blocks are in ${file}`)
  return 0
}

async function runImport(call: Call, file: string, name: string | undefined): Promise<number> {
  const { genesis } = call.own
  const work = await workOf(call, name)
  const { importStoredChain } = await import('../../node/stored-chain.ts')
  const { added, known, aside, refused, head } = await importStoredChain({
    ...{ ...work, file, genesis: typeof genesis === 'string' ? genesis : undefined },
  })
  const beside = aside > 0 ? `, ${aside} are of another branch` : ''
  console.log(`${added} blocks are new, ${known} were known${beside}; the head is block ${head}`)
  if (refused) {
    const { number, rule, detail } = refused
    console.error(`error: block ${number} is refused: ${rule}, ${detail}`)
    return 1
  }
  return work.signal.aborted ? leave('the blocks so far are kept') : 0
}

async function runVerify(call: Call, name: string | undefined): Promise<number> {
  const { verifyStoredChain } = await import('../../node/stored-chain.ts')
  const found = await verifyStoredChain({
    ...(await workOf(call, name)),
    run: call.own.run === true,
  })
  const { blocks, faults, faultCount, head, cutBytes, isWhole } = found
  if (cutBytes > 0) console.log(`an unfinished record of ${cutBytes} bytes was cut off the end`)
  for (const { number, detail } of faults) {
    console.error(number === undefined ? detail : `block ${number}: ${detail}`)
  }
  if (faultCount > faults.length) console.error(`${faultCount - faults.length} more`)
  const summary = `${blocks} blocks were looked at, up to block ${head.number}, 0x${head.hash.toHex()}`
  console.log(`${summary}: ${faultCount === 0 ? 'nothing differs' : `${faultCount} differences`}`)
  if (faultCount > 0) return 1
  return isWhole ? 0 : leave('the blocks after it were not looked at', 'begins anew')
}

async function workOf(call: Call, name: string | undefined) {
  const { values } = await configOf(call)
  const signal = interruption(() => console.error('ending after this block'))
  return { data: values.data, name, signal, tell: progressLines() }
}

/** Prints now and then how far the work is. */
function progressLines(): (progress: Progress) => void {
  const startMs = performance.now()
  let lastMs = startMs
  let looked = 0
  return ({ done, of }) => {
    looked += 1
    const nowMs = performance.now()
    if (nowMs - lastMs < progressMs) return
    lastMs = nowMs
    const speed = Math.round((looked * 1_000) / (nowMs - startMs))
    console.error(`block ${done}${of === undefined ? '' : ` of ${of}`}, ${speed} blocks a second`)
  }
}

function numberOf(call: Call, name: string): bigint | undefined {
  const text = call.own[name]
  if (text === undefined) return undefined
  if (typeof text === 'string' && /^\d{1,18}$/.test(text)) return BigInt(text)
  throw badUsage('chain', `--${name} is a number of a block, not "${text}"`)
}

function leave(what: string, next = 'goes on'): number {
  console.error(`interrupted: ${what}; the same command ${next}`)
  return interrupted
}
