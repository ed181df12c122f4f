/** Holds blocks that one endpoint gave against those that the others have. */

import { AppError } from '../../base/app-error.ts'
import type { SourceBlock } from '../source.ts'
import type { EndpointRecord } from './endpoint-record.ts'

/** Who must agree. */
interface Agreement {
  /** All endpoints but the one that gave the blocks. */
  readonly others: readonly EndpointRecord[]
  /** Endpoints that must have a block, with the one that gave it. */
  readonly quorum: number
}

/** Blocks that are asked for at once. */
const maxAsked = 500

/**
 * Blocks that one endpoint gave must be those of a quorum.
 *
 * @throws AppError `stream/dishonest` where a quorum has another one, `stream/not-agreed` while there is no quorum
 */
export async function mustAgree(
  { others, quorum }: Agreement,
  blocks: readonly SourceBlock[],
): Promise<void> {
  if (quorum <= 1) return
  for (let at = 0; at < blocks.length; at += maxAsked) {
    const piece = blocks.slice(at, at + maxAsked)
    const numbers = piece.map(({ number }) => number)
    const answers = await Promise.all(others.map((record) => hashesOf(record, numbers)))
    for (const [place, { number, hash }] of piece.entries()) {
      const told = answers.map((hashes) => hashes[place]).filter((one) => one !== undefined)
      const same = told.filter((one) => one === hash).length + 1
      if (same >= quorum) continue
      const isAlone = told.some((one) => one !== hash && count(told, one) >= quorum)
      throw isAlone ? dishonest(number) : notAgreed(number, `${same} of ${others.length + 1}`)
    }
  }
}

async function hashesOf(
  record: EndpointRecord,
  numbers: readonly number[],
): Promise<readonly string[]> {
  try {
    return (await record.source.blocksAt(numbers)).map(({ hash }) => hash)
  } catch (error) {
    record.failed(error)
    return []
  }
}

const count = (all: readonly string[], one: string) => all.filter((other) => other === one).length

function dishonest(number: number): AppError {
  const message = `the endpoint is not honest: its block ${number} is another one than that of the others`
  return new AppError({ code: 'stream/dishonest', message, retry: 'later' })
}

function notAgreed(number: number, have: string): AppError {
  const message = `what factories made before waits for endpoints to agree on block ${number}; ${have} do`
  return new AppError({ code: 'stream/not-agreed', message, retry: 'later' })
}
