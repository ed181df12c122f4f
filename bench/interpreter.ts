/** Measures what the interpreter of the workflow language itself costs, over a context that journals nothing. */

import type { Json } from '../src/base/json-rpc.ts'
import type { DurableContext } from '../src/workflow/durable-context.ts'
import { readDefinition } from '../src/workflow/read-definition.ts'
import { inTurns, spreadOf, spreadText, table, timed } from './measure.ts'

/** Instances of one measurement. */
const instances = 20_000

const head = 'document: {dsl: "1.0.3", namespace: bench, name: bench, version: "1.0.0"}\n'

const workflows = {
  'three steps, one HTTP call': `${head}do:
  - prepare: {set: {id: '\${ .id }', amount: '\${ .amount * 2 }'}}
  - ask: {call: http, with: {method: post, endpoint: 'http://bench/{id}', body: '\${ . }'}, output: {as: '. + {id: $input.id}'}}
  - keep: {call: record.write, with: {key: '\${ .id }', data: '\${ . }'}}
`,
  'three steps that are pure': `${head}do:
  - one: {set: {n: '\${ .amount + 1 }'}}
  - two: {switch: [{big: {when: .n > 5, then: three}}]}
  - three: {set: {n: '\${ .n * 2 }'}}
`,
  'a loop of 100': `${head}do:
  - loop: {for: {each: i, in: '[range(100)]'}, do: [{add: {set: {n: '\${ (.n // 0) + $i }'}}}]}
`,
}

const functions = {
  http: async () => ({ kind: 'done', output: { ok: true } }) as const,
  'record.write': async () => ({ kind: 'done', output: null }) as const,
}

/** Runs actions at once, and keeps nothing. */
const bare = {
  instanceId: 'bench',
  startedAtMs: 0,
  run: async (step, action) => {
    const signal = bareSignal
    const context = { instanceId: 'bench', step, idempotencyKey: '0x', attempt: 1, signal } as const
    const outcome = await action.run(context)
    return outcome.kind === 'done' ? outcome.output : null
  },
  reached: async () => true,
  at: () => {},
  end: async () => {},
  order: () => undefined,
} as Partial<DurableContext> as DurableContext

const bareSignal = new AbortController().signal

/** The table of docs/performance.md. */
export async function interpreterTable(runs: number): Promise<string> {
  const input: Json = { id: 'a', amount: 7 }
  const names = Object.keys(workflows) as (keyof typeof workflows)[]
  const measured = await inTurns(
    runs,
    Object.fromEntries(
      names.map((name) => {
        const workflow = readDefinition(workflows[name], { functions })
        const count = name === 'a loop of 100' ? instances / 20 : instances
        const measure = async () => {
          const seconds = await timed(async () => {
            for (let at = 0; at < count; at += 1) await workflow.run(bare, input)
          })
          return (seconds * 1e6) / count
        }
        return [name, measure] as const
      }),
    ),
  )
  return table(
    ['workflow', 'µs of a processor an instance'],
    names.map((name) => [name, spreadText(spreadOf(measured.get(name) ?? []), 1)]),
  )
}
