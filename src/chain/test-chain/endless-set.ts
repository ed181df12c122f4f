/** Makes, forks and removes chains without end, and prints what it begins and what is done, until it is killed. */

import { keccak256 } from '../../crypto/keccak.ts'
import { devManifest } from './dev-manifest.ts'
import { named, openSet, receiver, sender } from './open-set.ts'

const say = (...words: readonly string[]) => process.stdout.write(`${words.join(' ')}\n`)

/** So many that writing them takes a while. */
const accounts = Array.from({ length: 10_000 }, (_, at) => ({
  ...{ address: keccak256(Uint8Array.of(at, at >> 8)).subarray(12), balance: 1n, nonce: 0n },
  ...{ code: new Uint8Array(), storage: [] },
}))

function withMany(manifest: ReturnType<typeof devManifest>) {
  const first = { ...accounts[0], address: receiver, balance: 77n } as (typeof accounts)[0]
  return { ...manifest, genesis: { ...manifest.genesis, accounts: [...accounts, first] } }
}

const { set } = await openSet(process.argv[2] ?? '', withMany(devManifest(sender)))
for (;;) {
  for (const name of ['born', 'forked']) {
    if (set.list().some((one) => one.name === name)) {
      say('remove', name)
      await set.stop(name)
      await set.remove(name)
      say('gone', name)
    }
    say('make', name)
    if (name === 'born') await set.bang(withMany(named(name, 8n)))
    else await set.fork('dev', { name, chainId: 9n })
    say('there', name)
  }
}
