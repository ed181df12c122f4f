/** Turns the fork names of the public execution tests into the rules of a chain. */

import {
  type BlobParameters,
  type ChainRules,
  type Hardfork,
  type Rules,
  rulesOf,
} from '../../../src/chain/ledger/fork-rules.ts'

/** The `config` of a test. */
export interface TestConfig {
  readonly chainid?: string
  readonly network?: string
  readonly blobSchedule?: Readonly<Record<string, BlobJson>>
}

interface BlobJson {
  readonly target: string
  readonly max: string
  readonly baseFeeUpdateFraction: string
}

/** Forks by the names that the tests use; the ones that change blobs only follow Osaka's rules. */
const forks: Readonly<Record<string, Hardfork>> = {
  ...{ Frontier: 'frontier', Homestead: 'homestead', EIP150: 'tangerine-whistle' },
  ...{ TangerineWhistle: 'tangerine-whistle', EIP158: 'spurious-dragon' },
  ...{ SpuriousDragon: 'spurious-dragon', Byzantium: 'byzantium', Istanbul: 'istanbul' },
  ...{ Constantinople: 'constantinople', ConstantinopleFix: 'petersburg' },
  ...{ MuirGlacier: 'istanbul', Berlin: 'berlin', London: 'london', ArrowGlacier: 'london' },
  ...{ GrayGlacier: 'london', Merge: 'paris', Paris: 'paris', Shanghai: 'shanghai' },
  ...{ Cancun: 'cancun', Prague: 'prague', Osaka: 'osaka', BPO1: 'osaka', BPO2: 'osaka' },
  ...{ BPO3: 'osaka', BPO4: 'osaka', BPO5: 'osaka' },
}

/** Of a chain that changes its rules at a block or, with `Time`, at a moment; `15k` is 15,000. */
const transition = /^(\w+)To(\w+)At(Time)?(\d+)(k?)$/

/** The rules of a test's chain; `undefined` if they name a fork that is not known here. */
export function chainRulesOf(name: string, config: TestConfig): ChainRules | undefined {
  const chainId = BigInt(config.chainid ?? 1)
  const [, from, to, time, digits, thousand] = transition.exec(name) ?? []
  if (from === undefined || to === undefined) {
    const rules = rulesNamed(name, config)
    return rules && { chainId, rulesAt: () => rules }
  }
  const [before, after] = [rulesNamed(from, config), rulesNamed(to, config)]
  const first = BigInt(digits ?? 0) * (thousand ? 1_000n : 1n)
  if (before === undefined || after === undefined) return undefined
  return {
    chainId,
    rulesAt: ({ number, timestamp }) => ((time ? timestamp : number) >= first ? after : before),
  }
}

function rulesNamed(name: string, { blobSchedule = {} }: TestConfig): Rules | undefined {
  const hardfork = forks[name]
  if (hardfork === undefined) return undefined
  const blobs = blobSchedule[name]
  return blobs ? rulesOf(hardfork, { blobs: blobParameters(blobs) }) : rulesOf(hardfork)
}

function blobParameters({ target, max, baseFeeUpdateFraction }: BlobJson): BlobParameters {
  const [a, b, updateFraction] = [Number(target), Number(max), Number(baseFeeUpdateFraction)]
  return { target: a, max: b, updateFraction }
}
