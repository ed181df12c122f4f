/** The command `demo`: runs the flagship workflow once in a temporary folder. */

import type { DemoResult } from '../../node/demo.ts'
import { configOf } from '../call-config.ts'
import type { Command } from '../command.ts'
import { interrupted, interruption } from '../interruption.ts'
import { stepLine } from '../node-text.ts'

export const demoCommand: Command = {
  name: 'demo',
  summary: 'Runs the flagship once in a temporary folder: deposit, KYC, allocation',
  usage: '[--json]',
  details:
    'Exit code 0 when the tokens are on the account, 1 with the reason if not, 130 when interrupted.',
  mostWords: 0,
  flags: [
    {
      name: 'json',
      description:
        'Prints {ok, depositTx, instanceId, steps: [{name, ms}], allocationTx, balance, reason} only',
    },
  ],
  settings: ['hardfork', 'chainId', 'blockTime', 'gasLimit', 'functionUrl', 'notifyWebhook'],
  async run(call) {
    const { values, sources } = await configOf(call)
    const signal = interruption()
    const quiet = call.own.json === true
    const { runDemo } = await import('../../node/demo.ts')
    const result = await runDemo(
      {
        hardfork: values.hardfork,
        chainId: values.chainId,
        blockTime: sources.blockTime === 'default' ? 0.25 : values.blockTime,
        gasLimit: values.gasLimit,
        ...(values.functionUrl === undefined ? {} : { functionUrl: values.functionUrl }),
        ...(values.notifyWebhook === undefined ? {} : { notifyWebhook: values.notifyWebhook }),
      },
      {
        signal,
        tell: (line) => quiet || console.log(line),
        change: (change) => {
          const line = stepLine(change)
          if (line !== undefined && !quiet) console.log(line)
        },
      },
    )
    console.log(quiet ? JSON.stringify(result) : sentence(result))
    if (result.ok) return 0
    return signal.aborted ? interrupted : 1
  },
}

function sentence(result: DemoResult): string {
  if (!result.ok) return `the demo failed: ${result.reason}`
  const total = result.steps.reduce((sum, { ms }) => sum + ms, 0)
  return `ok: ${Number(result.balance) / 1e18} QSA on the depositor's account after ${total} ms of steps (transaction ${result.allocationTx})`
}
