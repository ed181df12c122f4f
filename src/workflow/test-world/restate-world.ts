/** Gives tests an engine whose instances a Restate cluster runs, in real time. */

import { setTimeout as pause } from 'node:timers/promises'
import { systemClock, systemTimer } from '../../base/clock.ts'
import type { SqlStore } from '../../store/sql.ts'
import { type RestateOptions, RestateRuns } from '../engine/restate/restate-runs.ts'
import { withoutLacking } from '../restate-engine.ts'
import type { InstanceDetail } from '../workflow.ts'
import { DurableWorld } from './durable-world.ts'

/** A world on a cluster. */
export class RestateWorld extends DurableWorld {
  constructor(sql: SqlStore, options: RestateOptions) {
    super(sql, {
      ...{ clock: systemClock, timer: systemTimer },
      runs: (parts) => new RestateRuns(options, parts),
    })
  }

  /** The engine as a node has it. */
  get shown() {
    return withoutLacking(this.engine)
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
