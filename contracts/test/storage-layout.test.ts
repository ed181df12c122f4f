/** Compares where engines look for what contracts keep with what the compiler says. */

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as layout from '../../src/chain/consensus/contract-layout.ts'
import type { Fields } from '../../src/chain/consensus/solidity-storage.ts'

interface Variable {
  readonly label: string
  readonly slot: string
  readonly offset: number
  readonly type: string
}

interface StorageLayout {
  readonly storage: readonly Variable[]
  readonly types: Readonly<
    Record<
      string,
      {
        readonly label: string
        readonly encoding: string
        readonly numberOfBytes: string
        readonly members?: readonly Variable[]
      }
    >
  >
}

/** The layout of a contract, from the newest build of it. */
async function layoutOf(name: string): Promise<StorageLayout> {
  const artifacts = path.join(import.meta.dirname, '../artifacts')
  const artifact = JSON.parse(
    await readFile(path.join(artifacts, `src/consensus/${name}.sol/${name}.json`), 'utf8'),
  ) as { buildInfoId: string; inputSourceName: string }
  const folder = path.join(artifacts, 'build-info')
  const file = (await readdir(folder)).find((one) => one === `${artifact.buildInfoId}.output.json`)
  assert.ok(file)
  const { output } = JSON.parse(await readFile(path.join(folder, file), 'utf8'))
  return output.contracts[artifact.inputSourceName][name].storageLayout
}

/** Variables in the form that engines have them; of a list only its array, and of whole structs all their bytes. */
function fieldsOf(variables: readonly Variable[], { types }: StorageLayout): Fields {
  const entries = variables.map(({ label, slot, offset, type }) => {
    const bytes = Math.min(32, Number(types[type]?.numberOfBytes))
    return [label, [Number(slot), offset, bytes]] as const
  })
  return Object.fromEntries(entries)
}

function struct(name: string, whole: StorageLayout) {
  const found = Object.values(whole.types).find(({ label }) => label === `struct ${name}`)
  assert.ok(found?.members, name)
  const slots = BigInt(Number(found.numberOfBytes) / 32)
  return { fields: fieldsOf(found.members, whole), slots }
}

describe('the layout that engines read', () => {
  for (const name of ['ValidatorRegistry', 'Committee']) {
    test(`is that of ${name}`, async () => {
      const whole = await layoutOf(name)
      assert.deepEqual(fieldsOf(whole.storage, whole), layout.governedFields)
      const member = struct('GovernedSet.Member', whole)
      assert.deepEqual(member, { fields: layout.memberFields, slots: layout.memberSlots })
    })
  }

  test('is that of Staking', async () => {
    const whole = await layoutOf('Staking')
    assert.deepEqual(fieldsOf(whole.storage, whole), layout.stakingFields)
    assert.deepEqual(struct('Staking.Entry', whole).fields, layout.stakeFields)
    assert.deepEqual(struct('Staking.Holding', whole).fields, layout.holdingFields)
  })

  test('is that of Delegates', async () => {
    const whole = await layoutOf('Delegates')
    assert.deepEqual(fieldsOf(whole.storage, whole), layout.delegatesFields)
    assert.deepEqual(struct('Delegates.Entry', whole).fields, layout.delegateFields)
  })

  test('is that of what both have', async () => {
    for (const name of ['Staking', 'Delegates']) {
      const whole = await layoutOf(name)
      const request = struct('StakedSet.Request', whole)
      assert.deepEqual(request, { fields: layout.requestFields, slots: layout.requestSlots })
      const candidate = struct('CandidateList.Candidate', whole)
      assert.deepEqual(candidate, { fields: layout.candidateFields, slots: 1n })
      const list = struct('CandidateList.List', whole).fields
      assert.deepEqual(list, { items: [0, 0, 32], placeAfter: [1, 0, 32] })
      assert.equal(list.placeAfter?.[0], Number(layout.candidatePlaces))
      assert.deepEqual(struct('SharePool.Pool', whole), { fields: layout.poolFields, slots: 1n })
    }
  })
})
