/** Says which private hosts workflows may reach. */

import type { Composition } from './composition.ts'

/** Hosts that outside calls may reach though they are private: those of the setting, in development this machine, too. */
export function allowedHosts({ allowHosts, dev }: Composition['values']): readonly string[] {
  return [
    ...(allowHosts?.split(',') ?? []),
    ...(dev ? ['localhost', '127.0.0.0/8', '::1/128'] : []),
  ]
}
