/** Puts into words what a running node offers and what its workflows do. */

import type { RunningNode } from '../node/node.ts'
import { roleNames } from '../node/role-settings.ts'

/** Where everything listens, for the terminal. */
export function describeNode(node: RunningNode): string {
  const { chain, contracts, settings } = node
  const { born } = chain
  const isWhole = node.roles.length === roleNames.length
  const lines: [string, string][] = node.roles.includes('api')
    ? [
        ['console', `${node.apiUrl}/`],
        ['API', `${node.apiUrl}/v1/status`],
      ]
    : [['health', `${node.apiUrl}/readyz`]]
  if (!isWhole) lines.unshift(['role', node.roles.join(', ')])
  if (node.grpcUrl !== undefined) lines.push(['gRPC', `${node.grpcUrl} (health)`])
  if (born !== undefined) {
    lines.push(['JSON-RPC', `${node.rpcUrl} (http and ws)`])
    const hardfork = born.forks.at(-1)?.hardfork
    lines.push([
      'chain',
      `"${chain.name}", id ${chain.chainId}, ${hardfork}, ${sealing(born.consensus)}`,
    ])
  } else if (chain.endpoint !== 'none') {
    lines.push(['chain', `${chain.endpoint}, id ${chain.chainId}`])
  }
  for (const [name, address] of Object.entries(contracts)) lines.push([name, address])
  if (chain.endpoint !== 'none' && node.roles.some((role) => role !== 'listener')) {
    lines.push([
      'sender',
      node.senderAddress ?? 'none: set QS_SENDER_KEY_FILE, or --mnemonic with --dev',
    ])
  }
  lines.push(['data', settings.data])
  const width = Math.max(...lines.map(([name]) => name.length))
  return [
    'QuantumStream is up',
    ...lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
  ].join('\n')
}

function sealing(consensus: NonNullable<RunningNode['chain']['born']>['consensus']): string {
  if (consensus.engine === 'ethereum') return 'blocks from elsewhere'
  if (consensus.engine === 'pow') return `${consensus.blockTimeMs / 1_000} s blocks by work`
  if (consensus.engine === 'hybrid') {
    return `${consensus.blockTimeMs / 1_000} s blocks by work, every ${consensus.checkpointEvery}th final by votes`
  }
  const { blockTimeMs } = consensus
  return blockTimeMs === 0 ? 'a block for each transaction' : `${blockTimeMs / 1_000} s blocks`
}

type StepChange = Parameters<Parameters<RunningNode['engine']['subscribe']>[0]>[0]

/** One line of the terminal for a change of an instance; nothing for what would only be noise. */
export function stepLine({ instance, entry }: StepChange): string | undefined {
  const what = `${instance.workflow} ${instance.id.slice(0, 8)}`
  const reason = entry.error ?? instance.reason
  const name = entry.step
    .replace(/#[\w-]+(\/\d+)*$/, '')
    .split('/')
    .at(-1)
  switch (entry.kind) {
    case 'started':
      return undefined
    case 'completed': {
      const line = `${what}  ✓ ${name}  ${brief(entry.output)}`.trimEnd()
      return instance.status === 'completed' ? `${line}\n${what}  completed` : line
    }
    case 'waiting':
      return `${what}  … ${name} waits: ${reason}`
    case 'retrying':
      return `${what}  ↻ ${name} failed and is tried again: ${reason}`
    default:
      return `${what}  ✗ ${name} ${entry.kind}: ${reason}`
  }
}

function brief(output: unknown): string {
  const text = output === undefined || output === null ? '' : JSON.stringify(output)
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}
