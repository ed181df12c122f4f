/** Finds where an agent is, by the card that describes it or by its address. */

import type { Json } from '../../base/json-rpc.ts'
import { type Fields, fieldsOf, invalid, isFields } from './call-fields.ts'
import { documentValue, type ExternalDocuments, unusable } from './external-documents.ts'
import { type Endpoint, endpointOf } from './http-call.ts'

/** An agent's endpoint for JSON-RPC, and whether the card's credentials are for somebody else. */
export interface Agent extends Endpoint {
  readonly isStranger: boolean
}

/** Where cards lie on a server that is named alone. @see A2A 0.3, 5.3 */
const wellKnown = '/.well-known/agent-card.json'

/**
 * The agent of `agentCard`, an external resource, or else of `server`, an endpoint. The card's authentication is the
 * agent's, if the agent is on the server that the workflow named for the card: a card sends no credentials elsewhere.
 */
export async function agentOf(
  { agentCard, server }: Fields,
  documents: ExternalDocuments,
  signal: AbortSignal,
): Promise<Agent> {
  if (agentCard === undefined || agentCard === null) {
    if (server === undefined) throw invalid('call: a2a needs "agentCard" or "server"')
    return { ...endpointOf(server, 'call: a2a'), isStranger: false }
  }
  const given = endpointOf(fieldsOf(agentCard, 'agentCard').endpoint, 'agentCard')
  const endpoint = { ...given, uri: cardUri(given.uri) }
  const uri = await documents.read({ endpoint: endpoint as Fields }, 'an agent card', {
    read: (found) => agentUri(documentValue(found), found.uri),
    signal,
  })
  const isOwn = /^file:/i.test(endpoint.uri) || originOf(endpoint.uri) === originOf(uri)
  const isStranger = !isOwn && given.authentication !== undefined
  return { uri, authentication: isStranger ? undefined : given.authentication, isStranger }
}

function cardUri(uri: string): string {
  if (!/^https?:/i.test(uri) || !URL.canParse(uri)) return uri
  const { pathname, search, hash } = new URL(uri)
  return pathname === '/' && search + hash === '' ? new URL(wellKnown, uri).href : uri
}

function originOf(uri: string): string {
  return new URL(uri).origin
}

/** The address for JSON-RPC that a card names. @see A2A 0.3, 5.6.3; of cards of 1.0 what still speaks 0.3 */
function agentUri(card: Json, cardAt: string): string {
  const fields = fieldsOf(card, 'the agent card')
  const { url, preferredTransport = 'JSONRPC', additionalInterfaces, supportedInterfaces } = fields
  const older = [
    { url: url ?? null, transport: preferredTransport },
    ...listIn(additionalInterfaces),
  ]
  const newer = listIn(supportedInterfaces).filter(({ protocolVersion }) => {
    return /^0\./.test(String(protocolVersion))
  })
  const found =
    older.find((one) => one.transport === 'JSONRPC' && typeof one.url === 'string') ??
    newer.find((one) => one.protocolBinding === 'JSONRPC' && typeof one.url === 'string')
  const address = String(found?.url)
  const base = /^https?:/i.test(cardAt) ? cardAt : undefined
  if (found !== undefined && URL.canParse(address, base)) return new URL(address, base).href
  throw unusable(`the agent card ${cardAt} names no address for JSON-RPC (A2A 0.3)`)
}

function listIn(value: Json | undefined): readonly Fields[] {
  return Array.isArray(value) ? value.filter((one) => isFields(one)) : []
}
