/** Measures an evaluation of typical expressions beside the same written by hand in JavaScript. */

import { compileExpression, compileTemplate, type JsonInput } from '../src/stream/jq.ts'
import { inTurns, ratio, spreadOf, spreadText, table, threadMs } from './measure.ts'

/** A decoded event as an expression sees it: integers are exact. */
const event = {
  event: {
    ...{ id: '1-0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060-3', chainId: 1 },
    ...{
      name: 'Transfer',
      contract: '0xdac17f958d2ee523a2206206994597c13d831ec7',
      life: 'finalized',
    },
    args: {
      from: '0x28c6c06298d514db089934071355e5743bf21d60',
      to: '0x21a31ee1afc51d94c2efccaa2092ad1028285549',
      value: 2_500_000_000_000_000_000_000n,
    },
  },
}
type Event = typeof event

interface Case {
  readonly text: string
  readonly evaluate: (input: JsonInput) => unknown
  readonly byHand: (input: Event) => unknown
}

const filter =
  '.event.args | select(.value >= 1000000000000000000000 and .to == "0x21a31ee1afc51d94c2efccaa2092ad1028285549" and .from != "0x0000000000000000000000000000000000000000")'
const template = {
  subject: 'Transfer of ${ .event.args.value / 1000000000000000000 } to ${ .event.args.to }',
  amount: '${ .event.args.value * 3 / 1000 }',
  parties: ['${ .event.args.from }', '${ .event.args.to }'],
}
const summary =
  '[range(10) as $at | {at: $at, fee: (.event.args.value * $at / 1000)}] | map(select(.at % 2 == 0)) | {count: length, last: last.fee}'

function cases(): Readonly<Record<string, Case>> {
  const limit = 1_000_000_000_000_000_000_000n
  return {
    'filter: an amount and two texts': {
      text: filter,
      evaluate: compileExpression(filter),
      byHand: ({ event: { args } }) =>
        args.value >= limit &&
        args.to === '0x21a31ee1afc51d94c2efccaa2092ad1028285549' &&
        args.from !== '0x0000000000000000000000000000000000000000'
          ? { ...args, value: String(args.value) }
          : null,
    },
    'template: two texts, an amount, a list': {
      text: 'template',
      evaluate: compileTemplate(template),
      byHand: ({ event: { args } }) => ({
        subject: `Transfer of ${args.value / 1_000_000_000_000_000_000n} to ${args.to}`,
        amount: String((args.value * 3n) / 1_000n),
        parties: [args.from, args.to],
      }),
    },
    'loop: ten objects made, filtered, counted': {
      text: summary,
      evaluate: compileExpression(summary),
      byHand: ({ event: { args } }) => {
        const fees = Array.from({ length: 10 }, (_, at) => ({
          at,
          fee: (args.value * BigInt(at)) / 1_000n,
        })).filter(({ at }) => at % 2 === 0)
        return { count: fees.length, last: String(fees.at(-1)?.fee) }
      },
    },
  }
}

const rounds = 50_000

/** Microseconds of one call, in the mean of many. */
async function microseconds(call: (input: Event) => unknown): Promise<number> {
  let kept: unknown
  const before = threadMs()
  for (let at = 0; at < rounds; at += 1) kept = call(event)
  const spent = threadMs() - before
  if (kept === undefined) throw new Error('nothing came out')
  return (spent * 1_000) / rounds
}

/** Expressions beside hand-written JavaScript, in turns. */
export async function jqTable(runs: number): Promise<string> {
  const rows: string[][] = []
  for (const [name, { evaluate, byHand }] of Object.entries(cases())) {
    if (JSON.stringify(evaluate(event)) !== JSON.stringify(byHand(event))) {
      throw new Error(`${name}: the two give different values`)
    }
    await microseconds(evaluate)
    await microseconds(byHand)
    const found = await inTurns(runs, {
      jq: () => microseconds(evaluate),
      hand: () => microseconds(byHand),
    })
    rows.push([
      name,
      spreadText(spreadOf(found.get('jq') ?? [])),
      spreadText(spreadOf(found.get('hand') ?? [])),
      spreadText(ratio(found.get('jq'), found.get('hand')), 1),
    ])
  }
  return table(['µs an evaluation', 'jq', 'by hand', 'ratio'], rows)
}
