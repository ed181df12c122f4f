/** Opens the links of a node by its settings, and joins its chains to them. */

import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import {
  type ChainNetwork,
  type ChainQuestion,
  chainQuestions,
  chunksAtOnce,
  type Hearing,
  type JoinNetwork,
  type NetworkedChain,
  type PeerWrong,
} from '../chain/chain-network.ts'
import { messageBounds } from '../chain/consensus/message-codec.ts'
import { createNetwork } from '../network/create-network.ts'
import type {
  Channel,
  ChannelPeer,
  CheckResult,
  Fault,
  Network,
  QuestionKind,
} from '../network/network.ts'
import { nodeIdentity } from '../network/node-identity.ts'
import { peerFaults } from '../network/peer-faults.ts'
import { type AllowList, allowListOf } from './allow-list.ts'
import type { Composition } from './composition.ts'
import { programVersion } from './program-folder.ts'

/** Numbers of the messages of a chain, and of its question. */
const kinds = {
  ...({ consensus: 0, transaction: 1, decidedBlock: 2, roundState: 3, answer: 4 } as const),
  ...({ status: 5, newBlock: 6, offer: 7 } as const),
  carriedPart: 32,
} as const
/** With more peers than these a part of a block goes to some, who tell all others: as many as one may fail of. */
const [mostDirect, carriers] = [8, 2]

const MiB = 1024 * 1024
/** Of the questions whose content the chain knows: number, and most bytes of question and answer. */
const questionKinds = {
  headers: { number: 1, maxBytes: 64, maxAnswerBytes: 3 * MiB },
  blocks: { number: 2, maxBytes: 8 * 1024, maxAnswerBytes: 17 * MiB },
  proof: { number: 3, maxBytes: 32, maxAnswerBytes: 2 * MiB },
  snapshot: { number: 4, maxBytes: 16, maxAnswerBytes: 4 * MiB },
  chunk: { number: 5, maxBytes: 32, maxAnswerBytes: MiB, outstanding: chunksAtOnce },
  decided: { number: 6, maxBytes: 32, maxAnswerBytes: 20 * MiB },
  transactions: { number: 7, maxBytes: 8 * 1024, maxAnswerBytes: 2 * MiB },
} as const satisfies Record<ChainQuestion, Partial<QuestionKind>>

const faults: Readonly<Record<PeerWrong, Fault>> = {
  'bad-encoding': peerFaults.badEncoding,
  'bad-signature': peerFaults.badSignature,
  'bad-block': peerFaults.badBlock,
  'bad-body': peerFaults.badBody,
  'empty-claim': peerFaults.emptyClaim,
  'unasked-answer': peerFaults.unaskedAnswer,
  'out-of-place': peerFaults.outOfPlace,
}

/** The longest transaction that a pool takes, with its blobs, and the longest block with its certificates, in bytes. */
const [maxTransactionBytes, maxDecidedBytes] = [MiB + 1024, 10 * MiB]
/** What a node says to have; hashes of transactions that it offers. */
const [maxStatusBytes, maxOfferBytes] = [256, 32 * 1024]

/** The links of this node, and who may have one; all may unless there is a list. */
export interface PeerLinks {
  readonly network: Network
  readonly allowList: AllowList | undefined
}

/**
 * The links of this node; `undefined` unless the settings name a port or peers.
 *
 * @throws AppError `node/bad-key`, `network/bad-address`, `network/cannot-listen`
 */
export async function openPeerLinks({
  values,
  logger,
  metrics,
  stops,
}: Composition): Promise<PeerLinks | undefined> {
  const { peersPort, peersHost, peers, peersLan, data } = values
  const named = peers?.split(',').filter((one) => one !== '') ?? []
  if (peersPort === undefined && named.length === 0 && !peersLan) return undefined
  const allowList = allowListOf(values)
  const network = createNetwork(
    {
      ...{ identity: await identityIn(data), folder: path.join(data, 'network'), peers: named },
      agent: `quantumstream/${await programVersion()}`,
      ...(peersPort !== undefined && { listen: { host: peersHost, port: peersPort } }),
      ...(peersLan && { lan: {} }),
      ...(allowList && { isAllowed: (peer) => allowList.isAllowed(peer) }),
    },
    { clock: systemClock, timer: systemTimer, logger, metrics, chance: Math.random },
  )
  stops.push(() => network.stop())
  await network.start()
  const endpoint = network.endpoint()
  logger.info('links to peers are open', { id: network.id, port: endpoint?.port })
  return { network, allowList }
}

/** How the chains of a node take part. */
export function joinBy(network: Network): JoinNetwork {
  return (chain) => {
    const channel: Channel = network.join({
      chainKey: chain.key,
      isValidator: (address) => chain.isValidator(address),
      validator: () => chain.validator(),
      messages: messagesOf(chain, (message) => void channel.publish(kinds.consensus, message)),
      questions: questionsOf(chain),
      peerCame: ({ id }) => chain.peerCame(id),
      peerWent: ({ id }) => chain.peerWent(id),
    })
    return linksOf(channel, network)
  }
}

function questionsOf(chain: NetworkedChain): readonly QuestionKind[] {
  return [
    ...chainQuestions.map((name) => ({
      ...{ name, ...questionKinds[name] },
      answer: async (from: string, bytes: Uint8Array) => {
        const answer = await chain.answer(name, from, bytes)
        return typeof answer === 'string' ? faults[answer] : answer
      },
    })),
  ]
}

function messagesOf(chain: NetworkedChain, carry: (message: Uint8Array) => void) {
  const longest = Math.max(...Object.values(messageBounds))
  const heard = async (hearing: Hearing | Promise<Hearing>) => resultOf(await hearing)
  return [
    {
      ...{ number: kinds.consensus, name: 'consensus', maxBytes: longest },
      ...({ importance: 'current', isRelayed: true } as const),
      check: (from: string, bytes: Uint8Array) => resultOf(chain.hear(from, bytes)),
    },
    {
      ...{ number: kinds.answer, name: 'answer', maxBytes: longest },
      ...({ importance: 'current', isRelayed: false } as const),
      check: (from: string, bytes: Uint8Array) => resultOf(chain.hear(from, bytes)),
    },
    {
      ...{ number: kinds.carriedPart, name: 'carried-part', maxBytes: messageBounds.part },
      ...({ importance: 'current', isRelayed: false } as const),
      check: (from: string, bytes: Uint8Array) => {
        const hearing = chain.hear(from, bytes)
        if (hearing === 'accept') carry(bytes)
        return resultOf(hearing)
      },
    },
    {
      ...{ number: kinds.roundState, name: 'round-state', maxBytes: messageBounds['round-state'] },
      ...({ importance: 'late', isRelayed: false } as const),
      check: (from: string, bytes: Uint8Array) => resultOf(chain.hear(from, bytes)),
    },
    {
      ...{ number: kinds.transaction, name: 'transaction', maxBytes: maxTransactionBytes },
      ...({ importance: 'relay', isRelayed: true } as const),
      check: (_: string, bytes: Uint8Array) => heard(chain.hearTransaction(bytes)),
    },
    {
      ...{ number: kinds.offer, name: 'offer', maxBytes: maxOfferBytes },
      ...({ importance: 'relay', isRelayed: false } as const),
      check: (from: string, bytes: Uint8Array) => resultOf(chain.hearOffer(from, bytes)),
    },
    {
      ...{ number: kinds.decidedBlock, name: 'decided-block', maxBytes: maxDecidedBytes },
      ...({ importance: 'answer', isRelayed: false } as const),
      check: (_: string, bytes: Uint8Array) => resultOf(chain.hearBlock(bytes)),
    },
    {
      ...{ number: kinds.status, name: 'status', maxBytes: maxStatusBytes },
      ...({ importance: 'late', isRelayed: false } as const),
      check: (from: string, bytes: Uint8Array) => resultOf(chain.hearStatus(from, bytes)),
    },
    {
      ...{ number: kinds.newBlock, name: 'new-block', maxBytes: maxDecidedBytes },
      ...({ importance: 'current', isRelayed: true } as const),
      check: (from: string, bytes: Uint8Array) => heard(chain.hearNewBlock(from, bytes)),
    },
  ]
}

function resultOf(hearing: Hearing): CheckResult {
  if (hearing === 'accept' || hearing === 'ignore') return { kind: hearing }
  return { kind: 'reject', fault: faults[hearing] }
}

function linksOf(channel: Channel, network: Network): ChainNetwork {
  /** Tells all, or one, what goes no further. */
  const tell = (kind: number, bytes: Uint8Array, to?: string) => {
    if (to === undefined) channel.publish(kind, bytes, { isRepeated: true })
    else channel.send(to, kind, bytes)
  }
  return {
    say(message, to) {
      const options = { importance: 'own', isRepeated: true } as const
      // Who is told alone lacks what the others have: it goes no further.
      if (to === undefined) channel.publish(kinds.consensus, message, options)
      else channel.send(to, kinds.answer, message, options)
    },
    sayPart: partSayer(channel),
    sayState: (message) => void channel.publish(kinds.roundState, message, { isRepeated: true }),
    sayTransaction: (raw) => void channel.publish(kinds.transaction, raw),
    giveBlock: (to, bytes) => void channel.send(to, kinds.decidedBlock, bytes),
    sayOffer: (hashes, to) => tell(kinds.offer, hashes, to),
    sayStatus: (bytes, to) => tell(kinds.status, bytes, to),
    sayNewBlock: (bytes) => void channel.publish(kinds.newBlock, bytes, { importance: 'own' }),
    ask: (to, question, bytes) =>
      channel.ask(to, questionKinds[question].number, bytes).catch(notThere),
    score: (peer, wrong) => channel.score(peer, faults[wrong]),
    peers() {
      const links = new Map(network.peers().map((link) => [link.id, link]))
      return channel.peers().map((peer) => {
        return { id: peer.id, validator: peer.validator(), link: links.get(peer.id) }
      })
    },
    addPeer: (address) => network.addPeer(address),
    validatorChanged: () => channel.announce(),
    leave: () => channel.leave(),
  }
}

/** Sends each part to all if they are few, else to two in turn, validators where there are some. */
function partSayer(channel: Channel): ChainNetwork['sayPart'] {
  let next = 0
  return (part) => {
    const peers = channel.peers()
    const validators = peers.filter((peer) => peer.validator() !== undefined)
    const able = validators.length > carriers ? validators : peers
    if (peers.length <= mostDirect) {
      channel.publish(kinds.consensus, part, { importance: 'own' })
      return
    }
    for (let carrier = 0; carrier < carriers; carrier += 1) {
      next = (next + 1) % able.length
      channel.send((able[next] as ChannelPeer).id, kinds.carriedPart, part, { importance: 'own' })
    }
  }
}

/** A peer that has no answer leaves it to the next. */
function notThere(error: unknown): undefined {
  if (error instanceof AppError && error.code.startsWith('network/')) return undefined
  throw error
}

/** The key that the data folder has, or a new one: whoever has it can be this node. */
async function identityIn(data: string) {
  const file = path.join(data, 'node.key')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) {
    const seed = new Uint8Array(randomBytes(32))
    await writeFile(file, `${seed.toHex()}\n`, { flag: 'wx', mode: 0o600 })
    return nodeIdentity('ed25519', seed)
  }
  if (/^[0-9a-f]{64}\s*$/.test(text))
    return nodeIdentity('ed25519', Uint8Array.fromHex(text.trim()))
  const message = `${file} does not hold 64 hex digits; restore it, or remove it to become a new node`
  throw new AppError({ code: 'node/bad-key', message })
}
