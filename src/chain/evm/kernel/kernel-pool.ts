/** Hands out kernels: what is under way keeps its own, and at most so many run at once. */

import type { StateReader } from '../../state/state.ts'
import type { Kernel } from './kernel.ts'

/** Kernels by turns. */
export interface KernelPool {
  /** Runs with a kernel, by choice with one that holds this state; one that throws or has grown is not used again. */
  use<T>(state: StateReader, run: (kernel: Kernel) => Promise<T>): Promise<T>
}

/** At most `most` kernels, made when they are asked for. */
export function createKernelPool(make: () => Kernel, most: number): KernelPool {
  const idle: Kernel[] = []
  const waiting: (() => void)[] = []
  let made = 0
  const take = async (state: StateReader): Promise<Kernel> => {
    while (idle.length === 0 && made === most) {
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    const fitting = idle.findIndex((kernel) => kernel.state === state)
    const [kernel] = idle.splice(fitting === -1 ? idle.length - 1 : fitting, 1)
    if (kernel) return kernel
    made += 1
    return make()
  }
  return {
    async use(state, run) {
      const kernel = await take(state)
      try {
        const result = await run(kernel)
        if (kernel.isLarge) made -= 1
        else idle.push(kernel)
        return result
      } catch (error) {
        made -= 1
        throw error
      } finally {
        waiting.shift()?.()
      }
    },
  }
}
