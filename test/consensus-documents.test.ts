/** Holds what documents say of the fields of each consensus to the parser: names, defaults and bounds. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { manifestToJson, parseManifest } from '../src/chain/ledger/manifest-codec.ts'
import { foundersOf, testnetManifest } from '../tools/testnet-manifest.ts'

interface Field {
  readonly name: string
  readonly type: string
  readonly rest: string
  readonly bounds: string
}

/** Tables of fields in a document, in order. */
async function tablesOf(file: string): Promise<readonly (readonly Field[])[]> {
  const text = await readFile(path.join(import.meta.dirname, '../docs', file), 'utf8')
  const tables = text.split('| field | type, unit | default | bounds | meaning |\n').slice(1)
  return tables.map((table) => {
    const rows = (table.split('\n\n', 1)[0] ?? '').trim().split('\n').slice(1)
    return rows.map((row) => {
      const [, name = '', type = '', rest = '', bounds = ''] = row
        .split('|')
        .map((one) => one.trim())
      return { name: name.replaceAll('`', ''), type, rest: rest.replaceAll('`', ''), bounds }
    })
  })
}

/** The number that is written as `7`, `2^53 − 1` or a product of such. */
function figure(text: string): bigint | undefined {
  const parts = text.split(' · ').map((part) => {
    const [, base, power = '1', less = '0'] =
      /^(\d+)(?:\^(\d+))?(?: − (\d+))?$/.exec(part.replace(/^\((.*)\)$/, '$1')) ?? []
    return base === undefined ? undefined : BigInt(base) ** BigInt(power) - BigInt(less)
  })
  return parts.reduce(
    (product, one) => (product === undefined || one === undefined ? undefined : product * one),
    1n,
  )
}

const without = (fields: readonly Field[] = [], ...names: string[]) =>
  fields.filter(({ name }) => !names.includes(name))

const [voted, staked, work, hybrid] = await Promise.all(
  ['voted', 'staked', 'work', 'hybrid'].map((name) =>
    tablesOf(name === 'work' ? 'proof-of-work.md' : `${name}-chains.md`),
  ),
)
const tables: Readonly<Record<string, readonly Field[]>> = {
  bft: voted?.[0] ?? [],
  pos: [...without(voted?.[0], 'owner'), ...(staked?.[0] ?? [])],
  dpos: [...without(voted?.[0], 'owner', 'maxValidators'), ...(staked?.[2] ?? [])],
  pow: work?.[0] ?? [],
  hybrid: [...without(work?.[0], 'safeDepth', 'finalizedDepth'), ...(hybrid?.[0] ?? [])],
}
const founders = foundersOf(
  'ed25519',
  [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte)),
)

for (const [engine, rows] of Object.entries(tables)) {
  // What stands further down is said of this engine.
  const fields = new Map(rows.map((one) => [one.name, one]))
  const { consensus, ...rest } = JSON.parse(
    manifestToJson(testnetManifest(engine, founders, 1_700_000_000)),
  )
  const { validators } = consensus
  const read = (change: object) => {
    const given = { engine, ...(validators && { validators }), ...change }
    return JSON.parse(manifestToJson(parseManifest(JSON.stringify({ ...rest, consensus: given }))))
      .consensus as Readonly<Record<string, unknown>>
  }
  const defaults = new Map(
    Object.entries(read({})).flatMap(([name, value]) =>
      name === 'slash'
        ? Object.entries(value as object).map(([a, b]) => [`slash.${a}`, b])
        : [[name, value]],
    ) as [string, unknown][],
  )

  describe(`what is documented of ${engine}`, () => {
    test('are all fields that there are, with their defaults', () => {
      assert.deepEqual([...fields.keys()].sort(), [...defaults.keys(), 'feeSink'].sort())
      for (const { name, rest: text } of fields.values()) {
        const number = figure(text)
        if (number !== undefined) assert.equal(String(defaults.get(name)), String(number), name)
      }
    })

    test('are bounds beyond which a manifest is refused', () => {
      for (const { name, type, bounds } of fields.values()) {
        const [least, most] = (bounds.split(',', 1)[0] ?? '').split(' to ').map(figure)
        const outside = [most === undefined ? undefined : most + 1n, least ? least - 1n : undefined]
        for (const number of outside.filter((one) => one !== undefined)) {
          const value = type.startsWith('number') ? Number(number) : String(number)
          const [outer = '', inner] = name.split('.')
          const change = { [outer]: inner === undefined ? value : { [inner]: value } }
          const refusal = { message: new RegExp(`consensus.${name} (must|may)`) }
          assert.throws(() => read(change), refusal, `${name} of ${number}`)
        }
      }
    })
  })
}
