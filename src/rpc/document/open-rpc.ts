/** Writes the OpenRPC document of the interface from the table of its methods. */

import type { Json } from '../../base/json-rpc.ts'
import { errorCodes } from '../envelope/rpc-error.ts'
import { chainDescriptions } from './chain-descriptions.ts'
import type { Description } from './description.ts'
import {
  alwaysDescriptions,
  chainSetDescriptions,
  developmentDescriptions,
} from './node-descriptions.ts'
import { schemas, typeOf } from './schemas.ts'
import { serviceDescriptions } from './service-descriptions.ts'

const descriptions: Readonly<Record<string, Description>> = {
  ...chainDescriptions,
  ...alwaysDescriptions,
  ...serviceDescriptions,
  ...chainSetDescriptions,
  ...developmentDescriptions,
}

/** What the errors say. */
const errors: Readonly<Record<number, string>> = {
  [errorCodes.reverted]: 'execution reverted; the data are those of the revert',
  [errorCodes.invalidParams]: 'a parameter is not what it should be',
  [errorCodes.server]: 'the question cannot be answered; the message says why',
  [errorCodes.responseTooLarge]: 'the answer would be too long',
  [errorCodes.limitExceeded]: 'more than a limit allows',
  [errorCodes.methodNotFound]: 'the connection cannot be told anything later',
  [errorCodes.nonceTooLow]: 'a nonce is too low',
  [errorCodes.nonceTooHigh]: 'a nonce is too high',
  [errorCodes.feeCapTooLow]: 'the highest fee is below the base fee',
  [errorCodes.intrinsicGas]: 'too little gas for the transaction itself',
  [errorCodes.insufficientFunds]: 'too little wei for gas and value',
  [errorCodes.blockGasLimit]: 'more gas than the block has',
  [errorCodes.blockNumber]: 'block numbers are not in order',
  [errorCodes.blockTimestamp]: 'timestamps are not in order',
  [errorCodes.senderHasCode]: 'the sender is a contract',
  [errorCodes.initCodeSize]: 'too much creation code',
  [errorCodes.clientLimit]: 'too many blocks',
}

/** Errors that every method may answer with. */
const anyMethod = [errorCodes.invalidParams, errorCodes.server]

/** The document of these methods. @throws Error for a method that nobody described */
export function openRpcDocument(names: Iterable<string>): { readonly [key: string]: Json } {
  const methods = [...names].sort()
  return {
    openrpc: '1.3.2',
    info: {
      title: 'QuantumStream JSON-RPC',
      version: '1.0.0',
      description:
        'Ethereum JSON-RPC over HTTP, WebSocket and IPC. Methods tagged "development" are there with --dev only, those tagged "chains" at the root path only.',
    },
    methods: methods.map(methodJson),
    components: {
      schemas: { ...schemas },
      errors: Object.fromEntries(
        Object.entries(errors).map(([code, message]) => [
          errorName(Number(code)),
          { code: Number(code), message },
        ]),
      ),
    },
  }
}

function methodJson(name: string): Json {
  const description = descriptions[name]
  if (!description) throw new Error(`the method ${name} is not described`)
  const [summary, parameters, result, codes = []] = description
  return {
    ...{ name, summary, paramStructure: 'by-position' },
    ...(Object.hasOwn(developmentDescriptions, name) && { tags: [{ name: 'development' }] }),
    ...(Object.hasOwn(chainSetDescriptions, name) && { tags: [{ name: 'chains' }] }),
    params: parameters.map(parameterJson),
    result: { name: 'result', schema: typeOf(result) },
    errors: [...codes, ...anyMethod].map((code) => ({
      $ref: `#/components/errors/${errorName(code)}`,
    })),
  }
}

function parameterJson(line: string): Json {
  const [, name = '', mark, type = ''] = /^(\w+)(\??): (.+)$/.exec(line) ?? []
  const schema = typeOf(type)
  if (mark === '') return { name, required: true, schema }
  return { name, required: false, schema: { anyOf: [schema, { type: 'null' }] } }
}

/** Number of parameters that a method is described with. */
export function describedParameters(name: string): number | undefined {
  return descriptions[name]?.[1].length
}

/** Names of all methods that are described. */
export function describedMethods(): readonly string[] {
  return Object.keys(descriptions)
}

function errorName(code: number): string {
  return `E${code < 0 ? '_' : ''}${Math.abs(code)}`
}
