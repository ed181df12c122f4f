/** Stands in for the chain of a process that works without one. */

import { AppError } from '../base/app-error.ts'
import type { SourceChain } from './chain-server.ts'

const message =
  'this process works without a chain: give it the endpoint of the others by BLOCKCHAIN_ENDPOINT'

/** A chain that answers nothing; a step that needs it waits until a process with one has it. */
export function absentChain(): SourceChain {
  return {
    ...{ name: 'none', chainId: 0, embedded: false, born: undefined, process: undefined },
    ...{ isAbsent: true, minesOnDemand: false, rpcUrl: undefined, endpoint: 'none' },
    ...{ contracts: undefined, accounts: [], startBlock: 'latest' },
    client: {
      request: async () => {
        throw new AppError({ code: 'json-rpc/unreachable', message, retry: 'later' })
      },
    },
    answer: async () =>
      JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32603, message } }),
  }
}
