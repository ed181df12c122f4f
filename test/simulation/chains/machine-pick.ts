/** Searches nonces for one machine: how long that takes is drawn by its power and the difficulty, and the nonce is a real one. */

import { equalBytes } from '../../../src/base/bytes.ts'
import { firstDifficulty, workSeconds } from './chain-ground.ts'
import type { Life } from './machine-disk.ts'
import type { MachinePlace } from './places.ts'

/** Nonces that are tried when one is due: far more than it takes. */
const mostTried = 100_000

/** What a machine works with, in one life. */
export class Pick {
  readonly #machine: MachinePlace
  readonly #life: Life
  #sealHash = new Uint8Array()

  constructor(machine: MachinePlace, life: Life) {
    this.#machine = machine
    this.#life = life
  }

  /** Begins anew where the chain wants another block sealed. */
  look(): void {
    const { chain, world } = this.#machine
    const work = chain?.mining.work()
    if (!work || equalBytes(work.sealHash, this.#sealHash)) return
    this.#sealHash = work.sealHash.slice()
    const { sealHash, target } = work
    this.#life.after(this.#drawnMs(target), () => {
      if (!equalBytes(this.#sealHash, sealHash)) return
      const first = BigInt(world.chance('work').below(2 ** 30))
      for (let tried = 0n; tried < mostTried; tried += 1n) {
        if (chain?.mining.work()?.sealHash !== work.sealHash) return
        if (!chain.mining.submitWork(sealHash, first + tried)) continue
        world.observer.count('nonce found')
        return
      }
    })
  }

  /** An exponential time: all miners together find a block of the first difficulty in a block time. */
  #drawnMs(target: bigint): number {
    const { world, validator } = this.#machine
    const { powers } = world.plan
    const all = powers.reduce((sum, power) => sum + power, 0)
    const share = (powers[validator] ?? 0) / all
    const difficulty = Number(2n ** 256n / (target + 1n)) / Number(firstDifficulty)
    const drawn = -Math.log(1 - world.chance('work').below(2 ** 30) / 2 ** 30)
    return (drawn * difficulty * workSeconds * 1_000) / share
  }
}
