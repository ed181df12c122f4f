/** The command `chain`: shows and manages the chains of a running node, and moves stored chains. */

import { AppError } from '../../base/app-error.ts'
import { type ApiPage, askApi } from '../api-client.ts'
import { apiOrigin, listFlags, listQuery, printPage } from '../api-lists.ts'
import type { Call, Command } from '../command.ts'
import { chainFileDetails, chainFileFlags, runChainFiles } from './chain-files.ts'
import { chainFoundingDetails, chainFoundingFlags, runChainFounding } from './chain-founding.ts'
import { chainJoinDetails, runChainJoin } from './chain-join.ts'
import { chainProofDetails, chainProofFlags, runChainProofs } from './chain-proofs.ts'
import { chainSetDetails, chainSetFlags, runChainSet } from './chain-set.ts'
import { runChainStanding } from './chain-standing.ts'
import {
  chainValidatorDetails,
  chainValidatorFlags,
  runChainValidators,
} from './chain-validators.ts'

interface ChainRow {
  readonly name: string
  readonly chainId: number
  readonly embedded: boolean
  readonly head: { readonly number: number; readonly hash: string } | null
  readonly contracts: Readonly<Record<string, string>>
}

interface BlockRow {
  readonly number: number
  readonly hash: string
  readonly timestamp: string
  readonly transactions: number
  readonly gasUsed: string
}

/** Each runs what it knows, and gives `undefined` for what it does not. */
const parts = [
  ...[runChainFounding, runChainValidators, runChainStanding],
  ...[runChainSet, runChainFiles, runChainProofs, runChainJoin],
]

export const chainCommand: Command = {
  name: 'chain',
  summary:
    'Makes, shows, starts and stops the chains of a running node; exports, imports and verifies stored ones, and joins those of peers',
  usage:
    'init FILE | init --engine E --out FOLDER | validators [add|remove|set-weight|set-pay-to|rotate-key|move|receive] …\n' +
    '                    | bang FILE | fork PARENT NAME --chain-id N\n' +
    '                    | list | status [NAME] | start NAME | stop NAME | remove NAME --yes\n' +
    '                    | blocks [CHAIN] [--limit N] [--cursor C] | block NUMBER|HASH [CHAIN]\n' +
    '                    | export FILE [CHAIN] | import FILE [CHAIN] | verify [CHAIN]\n' +
    '                    | join MANIFEST --peers HOST:PORT,… | certificate HEIGHT [CHAIN] | verify-proof FILE\n' +
    '                    | forensics HEIGHT [CHAIN] --with FOLDER|FILE',
  details: `${chainFoundingDetails}\n\n${chainValidatorDetails}\n\n${chainSetDetails}\n\n${chainFileDetails}\n\n${chainProofDetails}\n\n${chainJoinDetails}`,
  mostWords: 4,
  flags: [
    ...listFlags,
    ...chainFileFlags,
    ...chainSetFlags,
    ...chainProofFlags,
    ...chainFoundingFlags,
    ...chainValidatorFlags,
  ],
  settings: [
    ...(['rpcHost', 'rpcPort', 'apiHost', 'apiPort', 'data'] as const),
    ...(['peers', 'peersPort', 'peersHost', 'sync', 'trust'] as const),
  ],
  async run(call) {
    for (const run of parts) {
      const done = await run(call)
      if (done !== undefined) return done
    }
    const origin = await apiOrigin(call)
    const [what = 'status', ...rest] = call.words
    if (what === 'status') return showChains(origin, call)
    if (what === 'blocks') return showBlocks(origin, call, rest[0])
    if (what === 'block' && rest[0] !== undefined) {
      const query = rest[1] === undefined ? '' : `?chain=${encodeURIComponent(rest[1])}`
      const block = await askApi<object>(
        origin,
        `/v1/blocks/${encodeURIComponent(rest[0])}${query}`,
      )
      console.log(JSON.stringify(block, null, 2))
      return 0
    }
    throw new AppError({
      code: 'cli/bad-usage',
      message: `"chain ${call.words.join(' ')}" is not known or not whole; see "quantumstream chain --help"`,
    })
  },
}

async function showChains(origin: string, call: Call): Promise<number> {
  const page = await askApi<ApiPage<ChainRow>>(origin, '/v1/chains')
  return printPage(call, page, {
    chain: ({ name }) => name,
    id: ({ chainId }) => String(chainId),
    kind: ({ embedded }) => (embedded ? 'embedded' : 'foreign'),
    head: ({ head }) => (head === null ? '-' : String(head.number)),
    'head hash': ({ head }) => head?.hash ?? '-',
  })
}

async function showBlocks(origin: string, call: Call, chain: string | undefined): Promise<number> {
  const query = listQuery(call, { chain })
  const page = await askApi<ApiPage<BlockRow>>(origin, `/v1/blocks?${query}`)
  return printPage(call, page, {
    number: ({ number }) => String(number),
    time: ({ timestamp }) => timestamp,
    transactions: ({ transactions }) => String(transactions),
    'gas used': ({ gasUsed }) => gasUsed,
    hash: ({ hash }) => hash,
  })
}
