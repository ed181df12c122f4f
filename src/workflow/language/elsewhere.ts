/** Says what of a definition is not in it, but at an address that it names: schemas, ABIs, and functions of catalogs. */

import type { Json } from '../../base/json-rpc.ts'
import { isMembers, type Members, memberOf } from './places.ts'

/** A part that is to be got, and where it belongs. */
export type ElsewherePart =
  | { readonly kind: 'schema' | 'abi'; readonly pointer: string; readonly endpoint: Json }
  | { readonly kind: 'function'; readonly name: string; readonly endpoint: Json }

/**
 * Where the function of a `call` is: at its own address, or in a catalog of `use.catalogs` (`log:1.0.0@mine`).
 *
 * @returns `undefined` for a name that leads nowhere
 * @see the language's reference, "Catalog": `functions/NAME/VERSION/function.yaml`
 */
export function functionEndpoint(name: string, use: Members): Json | undefined {
  if (/^https?:\/\//.test(name)) return rawAddress(name)
  const [, own, version, catalog = ''] = /^([\w.-]+):([\w.+-]+)@([\w.-]+)$/.exec(name) ?? []
  const endpoint = memberOf(memberOf(use.catalogs, catalog), 'endpoint')
  const uri = isMembers(endpoint) ? endpoint.uri : endpoint
  if (own === undefined || typeof uri !== 'string') return undefined
  const file = `${rawAddress(uri.replace(/\/+$/, ''))}/functions/${own}/${version}/function.yaml`
  return isMembers(endpoint) ? { ...endpoint, uri: file } : file
}

/** GitHub shows pages at the addresses that people copy; the files themselves are elsewhere. */
function rawAddress(uri: string): string {
  const [, repository, branch = 'main', rest = ''] =
    /^https:\/\/github\.com\/([^/]+\/[^/]+)(?:\/(?:tree|blob|raw)\/([^/]+)(\/.*)?)?$/.exec(uri) ??
    []
  if (repository === undefined) return uri
  return `https://raw.githubusercontent.com/${repository}/${branch}${rest}`
}
