/** Gives tests an engine whose instances a Restate cluster runs. */

import { setTimeout as pause } from 'node:timers/promises'
import type { SqlStore } from '../../store/sql.ts'
import type { EngineDependencies } from '../engine/engine-dependencies.ts'
import { type RestateOptions, RestateRuns } from '../engine/restate/restate-runs.ts'
import type { InstanceDetail } from '../workflow.ts'
import { DurableWorld } from './durable-world.ts'

/** A world on a cluster; where time is set by hand, whoever waits looks at it whenever it moves. */
export class RestateWorld extends DurableWorld {
  constructor(sql: SqlStore, options: RestateOptions, more: Partial<EngineDependencies> = {}) {
    super(sql, { ...more, runs: (parts) => new RestateRuns(options, parts) })
    const { time } = this
    const advance = time.advance.bind(time)
    time.advance = (ms) => {
      advance(ms)
      void this.#haveLook()
    }
  }

  async #haveLook(): Promise<void> {
    const look =
      'UPDATE instances SET nudge = nudge + 1, wake_at_ms = ? WHERE awakeable IS NOT NULL'
    await this.sql.run(look, this.time.nowMs())
    this.engine.wake()
  }

  override async until(
    id: string,
    wanted: (one: InstanceDetail) => boolean,
  ): Promise<InstanceDetail> {
    for (let turn = 0; turn < 1_000; turn += 1) {
      const one = await this.engine.get(id)
      if (one && wanted(one)) return one
      await pause(20)
    }
    throw new Error(`never as wanted: ${JSON.stringify(await this.engine.get(id))}`)
  }
}
