/** Tests what is drawn of definitions. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { Json } from '../base/json-rpc.ts'
import { outlineOf } from './outline.ts'
import { readDefinition } from './read-definition.ts'

/** `name (kind) > next [when]` a line. */
function drawn(document: Json): string[] {
  const names = new Map(outlineOf(document).map(({ pointer, name }) => [pointer, name]))
  return outlineOf(document).map(({ name, kind, parent, next }) => {
    const leads = next.map(
      ({ step, when }) => `${names.get(step)}${when === undefined ? '' : ` [${when}]`}`,
    )
    return `${parent === undefined ? '' : `${names.get(parent)}/`}${name} (${kind}) > ${leads.join(', ')}`
  })
}

test('the flagship is drawn as it always was', async () => {
  const file = path.join(import.meta.dirname, '../../examples/deposit-kyc-allocation/workflow.json')
  const { document } = readDefinition(await readFile(file, 'utf8'), { functions: {} })
  assert.deepEqual(drawn(document), [
    'notify (notify.send) > kyc',
    'kyc (function.invoke) > decide',
    'decide (switch) > allocate [.steps.kyc.approved == true], refund [otherwise]',
    'allocate (evm.send) > record',
    'refund (evm.send) > record',
    'record (record.write) > ',
  ])
})

test('tasks within tasks lead to what follows them', () => {
  const document = parse(`
do:
  - loop: {for: {each: x, in: .xs}, do: [{a: {set: {b: 1}}}, {b: {wait: PT1S}}]}
  - both: {fork: {branches: [{left: {call: f}}, {right: {do: [{deep: {set: {c: 1}}}]}}]}}
  - guarded: {try: [{risky: {call: g}}], catch: {do: [{mend: {set: {d: 1}}}]}}
  - maybe: {if: .yes, call: h, then: end, metadata: {compensate: [{undo: {call: u}}]}}
  - last: {listen: {to: {any: []}}, foreach: {do: [{note: {call: n}}]}}
`) as Json
  assert.deepEqual(drawn(document), [
    'loop (for) > a [each x of .xs], both [done]',
    'loop/a (set) > b',
    'loop/b (wait) > loop',
    'both (fork) > left, right',
    'both/left (f) > guarded',
    'both/right (do) > deep',
    'right/deep (set) > guarded',
    'guarded (try) > risky, mend [error]',
    'guarded/risky (g) > maybe',
    'guarded/mend (set) > maybe',
    'maybe (h) > undo [undo], last [not .yes]',
    'maybe/undo (u) > ',
    'last (listen) > note [each event]',
    'last/note (n) > last',
  ])
})
