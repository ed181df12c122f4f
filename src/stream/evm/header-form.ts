/** Finds out whether the headers of a chain have the form whose hash is known, and holds them against it. */

import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'
import type { Logger } from '../../base/logger.ts'
import { inconsistent } from '../source.ts'
import { dishonest } from './block-checks.ts'
import { type Fields, quantity } from './evm-answers.ts'
import { isBound } from './header-hash.ts'

/** A block by its header. */
interface HeadedBlock {
  readonly number: number
  readonly hash: Hex
  readonly header: Fields
}

/** What finding out needs. */
interface FormParts {
  readonly chain: string
  readonly logger: Logger
  /** Whether no other form is believed. */
  readonly isStrict: boolean
  /** Other endpoints of the chain. */
  readonly others: readonly JsonRpcClient[]
}

/** The form of the headers of one endpoint, found out at the first of them. */
export class HeaderForm {
  readonly #with: FormParts
  #isBound: boolean | undefined

  constructor(parts: FormParts) {
    this.#with = parts
  }

  /**
   * Looks at the first header. One that is not bound by its hash is that of a chain with a form of its own, if the other
   * endpoints have no other one: else whoever lies in the first header would be believed from then on.
   *
   * @throws AppError `stream/dishonest`, and `stream/inconsistent` where no other endpoint shows the block now
   */
  async learn(block: HeadedBlock): Promise<void> {
    if (this.#isBound !== undefined || this.#with.isStrict) return
    if (isBound(block.header, block.hash)) {
      this.#isBound = true
      return
    }
    const { others, chain, logger } = this.#with
    const given = await Promise.all(others.map((one) => headerOf(one, block.number)))
    const shown = given.filter((one) => one !== undefined)
    if (shown.some((header) => isBound(header, header.hash))) throw unbound(block)
    if (others.length > 0 && shown.length === 0) {
      throw inconsistent(
        `the header of block ${block.number} has a form of its own, and no other endpoint shows it`,
      )
    }
    this.#isBound = false
    logger.warn('headers of this chain have a form of their own: their hashes are not checked', {
      chain,
    })
  }

  /**
   * The fields of a header, its bloom filter and roots among them, must be those of its hash.
   *
   * @returns false for a header with a form of its own, which binds nothing
   * @throws AppError as above
   */
  mustBind(block: HeadedBlock): boolean {
    if (this.#isBound === false) return false
    if (!isBound(block.header, block.hash)) throw unbound(block)
    this.#isBound = true
    return true
  }
}

async function headerOf(client: JsonRpcClient, number: number): Promise<Fields | undefined> {
  const params: Json[] = [quantity(number), false]
  const answer = await client.request('eth_getBlockByNumber', params).catch(() => null)
  const isBlock = typeof answer === 'object' && answer !== null && !Array.isArray(answer)
  return isBlock ? (answer as Fields) : undefined
}

const unbound = ({ number }: HeadedBlock) =>
  dishonest(`the hash of block ${number} is not that of its header`)
