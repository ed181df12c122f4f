/** Forks a chain by two of four validators that vote on both sides, and lets `chain forensics` name them from what both sides stored. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { toHex } from '../../src/base/bytes.ts'
import type { DrivenChain } from '../../src/chain/chain-parts.ts'
import { encodeCertificate } from '../../src/chain/consensus/travelling-block.ts'
import { TestLinks } from '../../src/chain/test-chain/test-links.ts'
import { startNode, validatorKeys, votedManifest } from '../../src/chain/test-chain/voted-chain.ts'
import { until } from '../../src/chain/test-chain/waiting.ts'
import { keyAddress, type SigningKey } from '../../src/crypto/signatures.ts'
import { startProgram, temporaryFolder } from './program.ts'

const manifest = votedManifest(new Uint8Array(20).fill(9), validatorKeys(4))
const nameOf = (key: SigningKey) => toHex(keyAddress(key))

/** Lets some of the validators decide the first block among themselves; where the first of them stored it. */
async function side(t: TestContext, keys: readonly SigningKey[]) {
  const links = new TestLinks()
  const nodes: DrivenChain[] = []
  const folders: string[] = []
  for (const [at, key] of keys.entries()) {
    const data = await temporaryFolder(t)
    folders.push(data)
    const folder = path.join(data, 'chains')
    nodes.push(await startNode(links, { name: `node-${at}`, folder, manifest, keys: [key] }))
  }
  const [first] = nodes as [DrivenChain]
  await until(first, () => first.head().header.number >= 1n)
  const [step] = first.finalityProof(0n, 1n)?.steps ?? []
  const decision = first.decisionOf(1n)
  assert.ok(step && decision)
  const exported = {
    steps: [{ certificate: toHex(encodeCertificate(step.certificate)) }],
    polkas: decision.polkas.map((one) => toHex(encodeCertificate(one))),
  }
  await Promise.all(nodes.map((one) => one.stop()))
  return { data: folders[0] as string, round: decision.proof.round, exported }
}

/** Whose turn it is first. */
async function firstProposer(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t)
  const chain = await startNode(new TestLinks(), { name: 'lone', folder, manifest })
  const { proposer, validators } = chain.round() ?? assert.fail()
  await chain.stop()
  return toHex(validators.list[proposer]?.address ?? new Uint8Array())
}

async function forensics(data: string, other: string) {
  const words = ['chain', 'forensics', '1', manifest.name, '--json']
  const program = startProgram([...words, '--data', data, '--with', other])
  const [code] = await program.exited
  const { guilty, missing, weight, total, decided } = JSON.parse(program.output())
  return { code, guilty, missing, weight, total, decided }
}

test('a fork across rounds names those who forgot their lock, and nobody else', {
  timeout: 180_000,
}, async (t) => {
  const proposer = await firstProposer(t)
  const keys = validatorKeys(4)
  const [one] = keys.filter((key) => nameOf(key) === proposer)
  const [two, ...both] = keys.filter((key) => nameOf(key) !== proposer)
  assert.ok(one && two)
  // The second side waits in vain for the first proposer, and decides in a later round.
  const [here, there] = [await side(t, [one, ...both]), await side(t, [two, ...both])]
  assert.ok(here.round === 0 && there.round > 0, `rounds ${here.round} and ${there.round}`)
  const file = path.join(here.data, 'there.json')
  await writeFile(file, JSON.stringify(there.exported))
  const expected = both.map((key) => ({
    ...{ address: nameOf(key), weight: '1', fault: 'amnesia' },
  }))
  for (const other of [there.data, file]) {
    const { code, guilty, missing, weight, total } = await forensics(here.data, other)
    assert.equal(code, 1)
    const byAddress = (a: { address: string }, b: { address: string }) =>
      a.address < b.address ? -1 : 1
    assert.deepEqual(guilty.toSorted(byAddress), expected.toSorted(byAddress))
    assert.deepEqual([weight, total, missing], ['2', '4', undefined])
  }
  // A store without polkas, as of before they were kept, says what would be needed.
  await writeFile(file, JSON.stringify({ ...there.exported, polkas: [] }))
  const { code, guilty, missing } = await forensics(here.data, file)
  assert.deepEqual([code, guilty], [0, []])
  assert.match(missing, /the polka for the later value/)
})
