/** Gives the workflow of a chaos run: asks a function, pays, and records, each undone when the event leaves. */

import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Hex } from '../../src/base/bytes.ts'
import { deposited, pay, undo } from './contract-words.ts'

/** Failures that pass must not end a run: a step is tried for as long as it lasts. */
const retry = { attempts: 1_000, delayMs: 50, backoff: 1 }
const args = ['${ .event.args.amount }', '${ .event.reference }']

/** Writes the workflow into a folder. @returns the folder */
export async function writeWorkflow(folder: string, contract: Hex): Promise<string> {
  const asked = (name: string) => ({
    ...{ call: 'function.invoke', retry },
    with: { function: name, payload: { amount: '${ .event.args.amount }' } },
  })
  const sent = (signature: string) => ({
    ...{ call: 'evm.send', retry, at: 'confirmed' },
    with: { contract, function: signature, args },
  })
  const definition = {
    ...{ name: 'chaos', title: 'Chaos', on: { event: deposited, contract } },
    do: [
      { check: { ...asked('check'), at: 'pending', compensate: [{ uncheck: asked('uncheck') }] } },
      { pay: { ...sent(pay), compensate: [{ undo: sent(undo) }] } },
      {
        record: {
          ...{ call: 'record.write', at: 'finalized' },
          with: { key: '${ .event.id }', data: { transaction: '${ .steps.pay.hash }' } },
        },
      },
    ],
  }
  const workflows = path.join(folder, 'workflows')
  await mkdir(workflows, { recursive: true })
  await writeFile(path.join(workflows, 'workflow.json'), JSON.stringify(definition, null, 2))
  return workflows
}
