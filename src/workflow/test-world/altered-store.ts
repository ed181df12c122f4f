/** An SQL store of which a test replaces methods. */

import type { SqlStore } from '../../store/sql.ts'

/** The store with these methods in place of its own. */
export function alteredStore(sql: SqlStore, changed: Partial<SqlStore>): SqlStore {
  return new Proxy(sql, {
    get: (target, name) => {
      if (name in changed) return Reflect.get(changed, name)
      const own = Reflect.get(target, name, target)
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}
