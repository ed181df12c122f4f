/** Runs a development node that kills itself at one point of one workflow step. */

import { startNode } from '../../../src/node/node.ts'

const [data = '', point = '', step = ''] = process.argv.slice(2)

const node = await startNode(
  { dev: true, demo: false, data, rpcPort: 0, apiPort: 0, blockTime: 0.1, pollInterval: 20 },
  {
    observe: (reached, _instance, name) => {
      if (reached === point && name.endsWith(`/${step}`)) process.kill(process.pid, 'SIGKILL')
    },
  },
)
if (node === undefined) throw new Error('interrupted')
process.stdout.write(`up ${node.apiUrl} ${node.rpcUrl}\n`)
const { items } = await node.engine.list({ limit: 1 })
if (items.length === 0) {
  await node.deposit(process.env.MEMO ?? 'kill')
  process.stdout.write('deposited\n')
}
process.once('SIGTERM', () => void node.stop())
