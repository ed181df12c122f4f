/** Describes the Ethereum JSON-RPC client, the only way in which the event wing sees a chain. */

/** One JSON value. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

/** A method and its parameters. */
export type JsonRpcCall = readonly [method: string, params: readonly Json[]]

/** A way to one endpoint: a socket to a foreign node, or a call into the chain of this process. */
export interface JsonRpcClient {
  /**
   * Calls one method and gives its result.
   *
   * @throws AppError `json-rpc/error` when the node answered with an error (`data.code` is the JSON-RPC
   * error code, `data.data` its data, `message` the node's own text), `json-rpc/unreachable` with
   * retry `later` when no answer came
   */
  request(method: string, params?: readonly Json[]): Promise<Json>
  /**
   * Calls several methods at once, where the way to the endpoint makes that cheaper; results in the order of the calls.
   *
   * @throws AppError as above, the first error of a call
   */
  requestAll?(calls: readonly JsonRpcCall[]): Promise<readonly Json[]>
  /**
   * The hash of a block as most of several endpoints have it; `undefined` where there is no such majority now. Absent where
   * there is one endpoint, whose word is all there is.
   */
  agreedHash?(block: number): Promise<string | undefined>
}
