/** The command `start`: runs a node until it is told to stop. */

import { givenSettings } from '../../node/config.ts'
import type { RunningNode } from '../../node/node.ts'
import { askPassword } from '../ask-password.ts'
import { configOf } from '../call-config.ts'
import { type Command, everySetting } from '../command.ts'
import { interruption } from '../interruption.ts'
import { describeNode, stepLine } from '../node-text.ts'

export const startCommand: Command = {
  name: 'start',
  summary: 'Runs a node with its API and console until Ctrl-C',
  usage: '[--dev] [--genesis FILE [--import FILE]]',
  details:
    '--dev gives a development chain of its own, one sample deposit and the flagship workflow.\nBLOCKCHAIN_ENDPOINT and CONTRACT_ADDRESS work on a foreign chain instead.\n--genesis follows an Ethereum-like chain from its genesis file on; --import takes its blocks from a file.\nWith a manifest that says so, --genesis begins a chain sealed by work; --miner ADDRESS takes part in sealing.',
  mostWords: 0,
  flags: [],
  settings: everySetting,
  async run(call) {
    const config = await configOf(call)
    const signal = interruption(() => console.log('stopping (Ctrl-C once more to stop at once) …'))
    const { startNode } = await import('../../node/node.ts')
    const node = await startNode(givenSettings(config), {
      askPassword,
      tell: (line) => console.log(line),
      signal,
    })
    if (node === undefined) return 0
    console.log(describeNode(node))
    const isWorker = node.roles.includes('worker')
    const unsubscribe = node.engine.subscribe((change) => {
      const line = isWorker ? stepLine(change) : undefined
      if (line !== undefined) console.log(line)
    })
    await runUntil(node, AbortSignal.any([signal, node.drain]))
    if (node.drain.aborted) console.log('asked to stop: hands over what it has …')
    unsubscribe()
    await node.stop()
    console.log('stopped')
    return 0
  },
}

async function runUntil(node: RunningNode, signal: AbortSignal): Promise<void> {
  if (node.wantsDemo && !signal.aborted) await sampleDeposit(node)
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** What goes wrong with the sample is told, and no reason to take the node down. */
async function sampleDeposit(node: RunningNode): Promise<void> {
  try {
    const { hash, account, amountWei } = await node.deposit('sample deposit')
    console.log(`sample deposit of ${Number(amountWei) / 1e18} ether by ${account}: ${hash}`)
  } catch (error) {
    console.error(`the sample deposit was not made: ${(error as Error).message}`)
  }
}
