/** Puts the groups of methods together. */

import type { RpcLimits } from '../limits.ts'
import { accountMethods, unsignedMethods } from './account-methods.ts'
import { blockMethods } from './block-methods.ts'
import { blockPageMethods } from './block-page-methods.ts'
import { callMethods } from './call-methods.ts'
import { chainMethods } from './chain-methods.ts'
import { configMethods } from './config-methods.ts'
import { consensusMethods } from './consensus-methods.ts'
import { dataMethods } from './data-methods.ts'
import { developmentMethods } from './development-methods.ts'
import { feeMethods } from './fee-methods.ts'
import { finalityMethods } from './finality-methods.ts'
import { handMethods } from './hand-methods.ts'
import { logMethods } from './log-methods.ts'
import type { Method } from './method.ts'
import { miningMethods } from './mining-methods.ts'
import { nodeMethods } from './node-methods.ts'
import { poolMethods } from './pool-methods.ts'
import { rawMethods } from './raw-methods.ts'
import { serviceMethods } from './service-methods.ts'
import { signingMethods } from './signing-methods.ts'
import { simulationMethods } from './simulation-methods.ts'
import { stateMethods } from './state-methods.ts'
import { testingMethods } from './testing-methods.ts'
import { traceMethods } from './trace-methods.ts'
import { transactionMethods } from './transaction-methods.ts'
import { transferMethods } from './transfer-methods.ts'

/** Which groups a chain has besides those that are always there. */
interface MethodGroups {
  /** Those that move the chain. */
  readonly isDevelopment: boolean
  /** Those that make, start, stop and remove chains. */
  readonly hasMany: boolean
}

/** All methods by name. */
export function allMethods(
  limits: RpcLimits,
  { isDevelopment, hasMany }: MethodGroups,
): ReadonlyMap<string, Method> {
  return new Map(
    [
      ...[
        testingMethods,
        configMethods,
        rawMethods,
        nodeMethods,
        miningMethods,
        blockMethods,
        stateMethods,
        transactionMethods,
        poolMethods,
        ...[dataMethods, transferMethods, serviceMethods, consensusMethods],
        ...[blockPageMethods, finalityMethods],
      ],
      ...[callMethods(limits.overrideEntries), feeMethods(limits.feeHistoryPercentiles)],
      simulationMethods(limits),
      traceMethods(limits.overrideEntries),
      ...[logMethods(limits.logAlternatives), accountMethods, signingMethods],
      ...(hasMany ? [chainMethods] : []),
      ...(isDevelopment ? [developmentMethods, handMethods, unsignedMethods] : []),
    ].flatMap((table) => Object.entries(table)),
  )
}
