/** Names those who are guilty of two decisions of one height, from certificates alone. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SigningKey } from '../../crypto/signatures.ts'
import { findGuilty } from './forensics.ts'
import type { Certificate } from './messages.ts'
import { schemes } from './schemes.ts'
import { certificateOf, keysOf, setOf, testChainKey } from './test-certified/certified-chain.ts'

const keys = keysOf('ed25519', [1, 2, 3, 4])
const [a = [], b = []] = [keys.slice(0, 3), keys.slice(1)]
const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const validators = setOf(keys)
const check = { chainKey: testChainKey, validators, schemes }

/** Votes of some of the four. */
function certificate(
  type: 'commit' | 'polka',
  by: readonly SigningKey[],
  place: { readonly round: number; readonly value: Uint8Array; readonly validRound?: number },
): Certificate {
  const { round, value, validRound = -1 } = place
  const vote = type === 'commit' ? 'precommit' : 'prevote'
  const content = { instance: 0, type: vote, height: 9n, round, value, validRound } as const
  return certificateOf(keys, content, by)
}

const addresses = (by: readonly SigningKey[]) =>
  validators.list
    .filter(({ publicKey }) => by.some((key) => key.publicKey === publicKey))
    .map(({ address }) => address.toHex())
const named = (certificates: readonly Certificate[]) => {
  const report = findGuilty(certificates, check)
  const over = 3n * report.weight >= report.total || report.guilty.length === 0
  assert.ok(over, 'those who are named have a third of the weight')
  return report.guilty.map(({ address, fault }) => `${fault} ${address.toHex()}`).sort()
}
const both = keys.slice(1, 3)
const as = (fault: string) =>
  addresses(both)
    .map((address) => `${fault} ${address}`)
    .sort()

describe('forensics', () => {
  test('of one round name those who signed both', () => {
    const commits = [
      certificate('commit', a, { round: 2, value: one }),
      certificate('commit', b, { round: 2, value: two }),
    ]
    assert.deepEqual(named(commits), as('double-vote'))
    assert.deepEqual(named(commits.toReversed()), as('double-vote'))
  })

  test('of two rounds name those who forgot their lock, by the earliest polka', () => {
    const commits = [
      certificate('commit', a, { round: 1, value: one }),
      certificate('commit', b, { round: 5, value: two }),
    ]
    assert.deepEqual(named(commits), [])
    assert.match(findGuilty(commits, check).missing ?? '', /polka .* after 1/)
    const polka = certificate('polka', b, { round: 3, value: two })
    // Those of later rounds may have had a reason: the polka of round 3.
    const lawful = certificate('polka', keys, { round: 5, value: two, validRound: 3 })
    assert.deepEqual(named([...commits, lawful, polka]), as('amnesia'))
    assert.deepEqual(named([...commits, lawful]), [])
  })

  test('of two polkas in the round of the commit name those who signed both', () => {
    const certificates = [
      certificate('commit', a, { round: 1, value: one }),
      certificate('polka', a, { round: 1, value: one }),
      certificate('polka', b, { round: 1, value: two }),
      certificate('polka', b, { round: 2, value: two, validRound: 1 }),
      certificate('commit', b, { round: 2, value: two }),
    ]
    assert.deepEqual(named(certificates), as('double-vote'))
    assert.deepEqual(named(certificates.filter((_, at) => at !== 2)), [])
  })

  test('accuse nobody by what is forged, too weak, or of one block', () => {
    const first = certificate('commit', a, { round: 2, value: one })
    const second = certificate('commit', b, { round: 2, value: two })
    const signatures = second.signatures.map((signature) => signature.toReversed())
    assert.deepEqual(named([first, { ...second, signatures }]), [])
    assert.deepEqual(named([first, certificate('commit', both, { round: 2, value: two })]), [])
    assert.deepEqual(named([first, certificate('commit', b, { round: 4, value: one })]), [])
    assert.deepEqual(named([]), [])
  })
})
