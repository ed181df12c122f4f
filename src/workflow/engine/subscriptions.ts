/** Says how an inbox stands in the database. */

import type { SqlWrite } from '../../store/sql.ts'
import type { EventWish } from '../durable-context.ts'

/** Events of one kind for one value are found by index, however many instances listen. */
export function subscribe(instanceId: string, inbox: string, wish: EventWish): SqlWrite {
  const { type = '', source = '' } = wish.attributes
  const [first] = wish.correlate ?? []
  const expected = first === undefined ? '' : JSON.stringify(first.expect)
  return {
    sql: `INSERT INTO subscriptions (instance_id, inbox, type, source, correlation, expected, wish)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
    values: [instanceId, inbox, type, source, first?.from ?? '', expected, JSON.stringify(wish)],
  }
}
