/** Imports definitions of elsewhere: state machines of Amazon, monitors of OpenZeppelin. */

import { stringify } from 'yaml'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { parseDocument } from './document.ts'
import { fromStatesLanguage } from './language/import/asl.ts'
import { fromMonitor } from './language/import/monitor.ts'

const kinds: Readonly<Record<string, (source: Json) => Json>> = {
  asl: fromStatesLanguage,
  defender: fromMonitor,
}

/**
 * A definition of DSL 1.0.3 as YAML, made of one of another language, given as JSON or YAML.
 *
 * @param kind - `asl`: Amazon States Language; `defender`: a Sentinel of OpenZeppelin Defender, or a monitor of
 * OpenZeppelin Monitor
 * @throws AppError `workflow/no-counterpart` with the place of what can't be turned, `workflow/unknown-kind`
 */
export function importDefinition(text: string, kind: string): string {
  const turn = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  if (turn === undefined) {
    const message = `definitions of the kind "${kind}" are not known; known are ${Object.keys(kinds).join(', ')}`
    throw new AppError({ code: 'workflow/unknown-kind', message })
  }
  return stringify(turn(parseDocument(text).value), { lineWidth: 0 })
}
