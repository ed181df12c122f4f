/** Builds the steps that reach outside from the settings. */

import { createMessageClients } from '../services/message-clients.ts'
import type { GuardedHttp } from '../workflow/guarded-http.ts'
import { type OutsideCalls, outsideCalls } from '../workflow/outside-calls.ts'
import { allowedHosts } from './allowed-hosts.ts'
import type { Composition } from './composition.ts'

/** The calls of the language, and what gets parts of definitions; what they start is put on the list of stops. @param folder - of the workflows' documents */
export function outsideSteps(
  { values, stops }: Composition,
  { http, folder }: { readonly http: GuardedHttp; readonly folder: string },
): Omit<OutsideCalls, 'stop'> {
  const { allowShell, python, containerEngine } = values
  const messages = createMessageClients({ allowHosts: allowedHosts(values) })
  stops.push(() => messages.stop())
  const calls = outsideCalls({ http, folder, messages, allowShell, python, containerEngine })
  stops.push(() => calls.stop())
  return calls
}
