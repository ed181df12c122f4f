/** Puts the groups of methods together. */

import type { RpcLimits } from '../limits.ts'
import { accountMethods, unsignedMethods } from './account-methods.ts'
import { blockMethods } from './block-methods.ts'
import { callMethods } from './call-methods.ts'
import { configMethods } from './config-methods.ts'
import { developmentMethods } from './development-methods.ts'
import { feeMethods } from './fee-methods.ts'
import { handMethods } from './hand-methods.ts'
import { logMethods } from './log-methods.ts'
import type { Method } from './method.ts'
import { nodeMethods } from './node-methods.ts'
import { poolMethods } from './pool-methods.ts'
import { rawMethods } from './raw-methods.ts'
import { signingMethods } from './signing-methods.ts'
import { simulationMethods } from './simulation-methods.ts'
import { stateMethods } from './state-methods.ts'
import { testingMethods } from './testing-methods.ts'
import { traceMethods } from './trace-methods.ts'
import { transactionMethods } from './transaction-methods.ts'

/** All methods by name; `development` adds those that move the chain. */
export function allMethods(limits: RpcLimits, development: boolean): ReadonlyMap<string, Method> {
  return new Map(
    [
      ...[
        testingMethods,
        configMethods,
        rawMethods,
        nodeMethods,
        blockMethods,
        stateMethods,
        transactionMethods,
        poolMethods,
      ],
      ...[callMethods(limits.overrideEntries), feeMethods(limits.feeHistoryPercentiles)],
      simulationMethods(limits),
      traceMethods(limits.overrideEntries),
      ...[logMethods(limits.logAlternatives), accountMethods, signingMethods],
      ...(development ? [developmentMethods, handMethods, unsignedMethods] : []),
    ].flatMap((table) => Object.entries(table)),
  )
}
