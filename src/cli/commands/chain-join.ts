/** The part of the command `chain` that gets a chain from its peers. */

import type { ChainProgress } from '../../node/joined-chain.ts'
import { configOf } from '../call-config.ts'
import type { Call } from '../command.ts'
import { interrupted, interruption } from '../interruption.ts'

/** What help says of it. */
export const chainJoinDetails = [
  'join gets the chain of a manifest from its peers into the data folder while no node runs there, by a snapshot where',
  'that is quicker (--sync full: never), each part of which is proven by the first block, or by the one of --trust. It',
  'ends when the chain is where its peers are: 0; 1: it could not be got; 130: interrupted, the same command goes on.',
].join('\n')

/** Between two lines of progress. */
const progressMs = 1_000

const names: Readonly<Record<ChainProgress['phase'], string>> = {
  peers: 'peers that answer',
  proof: 'snapshots looked at',
  chunks: 'chunks of the state',
  state: 'state',
  blocks: 'blocks',
}

/** Runs it; `undefined` if the words name something else. */
export async function runChainJoin(call: Call): Promise<number | undefined> {
  const [what, file, more] = call.words
  if (what !== 'join' || file === undefined || more !== undefined) return undefined
  const signal = interruption(() => console.error('ending'))
  const config = await configOf(call)
  const tell = call.own.json ? () => {} : progressLines()
  const { prepareChain } = await import('../../node/joined-chain.ts')
  const joined = await prepareChain(config, file, { signal, tell }).catch((error: unknown) => {
    if (signal.aborted) return undefined
    throw error
  })
  if (joined === undefined || signal.aborted) {
    console.error('interrupted: the same command goes on')
    return interrupted
  }
  const { name, base, head, reason } = joined
  if (call.own.json) {
    console.log(JSON.stringify({ name, base: String(base), head: String(head), reason }, null, 2))
    return 0
  }
  const from = base > 0n ? `from block ${base + 1n} on` : `with all blocks (${reason})`
  const { data, peers } = config.values
  console.log(`the chain "${name}" is in ${data} ${from}, up to block ${head}`)
  console.log(`start it: quantumstream start --data ${data} --chain ${name} --peers ${peers}`)
  return 0
}

/** Prints now and then how far it is. */
function progressLines(): (progress: ChainProgress) => void {
  let [lastMs, last] = [0, '']
  return ({ phase, done, of }) => {
    const nowMs = performance.now()
    const text = `${names[phase]}: ${phase === 'state' ? `${Math.round(done * 100)} %` : `${done} of ${of}`}`
    const isSoon = nowMs - lastMs < progressMs && last.startsWith(names[phase])
    if (isSoon || text === last) return
    ;[lastMs, last] = [nowMs, text]
    console.error(text)
  }
}
