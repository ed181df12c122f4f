/** Lists the settings of processes that share their work. */

import { type Kind, within } from './setting-kinds.ts'

/** What a process can do for the others. */
export const roleNames = ['listener', 'worker', 'api'] as const
/** One of these. */
export type Role = (typeof roleNames)[number]

const roleWords = [...roleNames, 'all'] as const

const roleList: Kind<string> = {
  expected: `${roleWords.join(', ')}, or several with commas between them`,
  read: (raw) => {
    const words = typeof raw === 'string' ? raw.split(',').map((word) => word.trim()) : []
    const isKnown = (word: string) => roleWords.some((one) => one === word)
    return words.length > 0 && words.every(isKnown) ? words.join(',') : undefined
  },
}

/** Which part of the work a process takes, and when others take over. */
export const roleSettings = {
  role: {
    ...{ kind: roleList, default: 'all', env: 'QS_ROLE' },
    description:
      'What this process does: listener (follows the chain), worker (runs workflows, sends), api (REST and console), several of them with commas, or all; other than all needs QS_DATABASE, see docs/scaling.md',
  },
  leaseTime: {
    ...{ kind: within(1, 600, false), default: 10, env: 'QS_LEASE_TIME', unit: 'seconds' },
    description:
      'How long a process that shares a database is believed to live when it says nothing; then others take over what it had',
  },
  drainTime: {
    ...{ kind: within(0, 600, false), default: 5, env: 'QS_DRAIN_TIME', unit: 'seconds' },
    description:
      'Longest wait at a stop for steps under way; later ones are asked again by another process, with the same idempotency key',
  },
} as const
