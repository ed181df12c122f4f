/** Makes, starts, stops and removes the chains of the process: the group qs. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { ForkWish } from '../../chain/chain-fork.ts'
import type { ChainSet } from '../../chain/chain-set.ts'
import { parseChainSettings } from '../../chain/chain-settings.ts'
import type { ChainStatus } from '../../chain/chain-status.ts'
import { parseManifest } from '../../chain/ledger/manifest-codec.ts'
import { withCodes } from '../envelope/coded-error.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { toQuantity } from '../format/quantity.ts'
import { optional, type Parsed, type Parser, record } from '../params/parser.ts'
import { flag, looseQuantity, text } from '../params/values.ts'
import type { CallContext } from '../view/context.ts'
import { type Method, type MethodTable, method } from './method.ts'

/** What a fork is to be. */
const forkWish: Parser<ForkWish> = (value, path) => {
  const { name, chainId, number, consensus, ...others } = record(value, path)
  mustBeNone(others, path)
  return {
    ...{ name: text(name, `${path}.name`), chainId: looseQuantity(chainId, `${path}.chainId`) },
    number: optional(looseQuantity)(number, `${path}.number`),
    consensus: optional(record)(consensus, `${path}.consensus`),
  }
}

/** How a chain begins. */
const birthOptions: Parser<{ readonly start: boolean; readonly settings: Json }> = (
  value,
  path,
) => {
  const { start, settings = {}, ...others } = record(value ?? {}, path)
  mustBeNone(others, path)
  return { start: optional(flag, true)(start, `${path}.start`), settings }
}

function mustBeNone(others: object, path: string): void {
  const [stranger] = Object.keys(others)
  if (stranger !== undefined) throw invalidParams(`${path} has the unknown field "${stranger}"`)
}

export const chainMethods: MethodTable = {
  qs_chains: managing([], (chains) => chains.list().map(statusJson)),
  qs_chain: managing([text], (chains, [name]) => statusJson(chains.get(name))),
  qs_bang: managing([record, birthOptions], async (chains, [given, { start, settings }]) => {
    const manifest = parseManifest(JSON.stringify(given))
    await chains.bang(manifest, { settings: parseChainSettings(settings), isStill: !start })
    return statusJson(chains.get(manifest.name))
  }),
  qs_fork: managing([text, forkWish, birthOptions], async (chains, [name, wish, birth]) => {
    const { start, settings } = birth
    await chains.fork(name, wish, { settings: parseChainSettings(settings), isStill: !start })
    return statusJson(chains.get(wish.name))
  }),
  qs_startChain: managing([text], async (chains, [name]) => {
    await chains.start(name)
    return statusJson(chains.get(name))
  }),
  qs_stopChain: managing([text], async (chains, [name]) => {
    await chains.stop(name)
    return statusJson(chains.get(name))
  }),
  qs_removeChain: managing([text], async (chains, [name]) => {
    await chains.remove(name)
    return true
  }),
}

/** A method over all chains; of what is refused, programs are told the code. */
function managing<const P extends readonly Parser<unknown>[]>(
  parsers: P,
  run: (chains: ChainSet, params: Parsed<P>) => Json | Promise<Json>,
): Method {
  return method(parsers, ({ chains }: CallContext, params) => {
    if (chains === undefined) throw new Error('the methods of several chains need them')
    return withCodes(() => run(chains, params))
  })
}

function statusJson(status: ChainStatus): Json {
  const { name, birth, activity, problem, isFirst, chain, portion } = status
  const { parent } = birth ?? {}
  const { header, hash } = chain?.head() ?? {}
  return {
    ...{ name, isFirst, state: activity, problem: problem ?? null, path: `/rpc/${name}` },
    chainId: birth ? toQuantity(birth.chainId) : null,
    engine: birth?.consensus.engine ?? null,
    parent: parent
      ? {
          ...{ chain: toHex(parent.chain), number: toQuantity(parent.number) },
          ...{ hash: toHex(parent.hash), stateRoot: toHex(parent.stateRoot) },
        }
      : null,
    portion: portion ?? null,
    head:
      header && hash
        ? {
            ...{ number: toQuantity(header.number), hash: toHex(hash) },
            timestamp: toQuantity(header.timestamp),
          }
        : null,
  }
}
