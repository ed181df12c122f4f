/** Keeps tokens until shortly before they expire, and asks for each once. */

import { Recent } from '../../base/recent.ts'

/** A token, and the time in milliseconds after which it is none. */
export interface ExpiringToken {
  readonly token: string
  readonly untilMs: number
}

/** How long before its end a token is no longer used. */
const marginMs = 60_000
/** Tokens that are kept: one for each audience. */
const mostKept = 1_024

/** Tokens by what they are for. */
export class KeptTokens {
  readonly #kept = new Recent<string, Promise<ExpiringToken>>(mostKept)

  /** The token for something; `ask` gets one where none is kept. */
  async of(what: string, ask: () => Promise<ExpiringToken>): Promise<string> {
    const kept = this.#kept.get(what)
    const known = await kept?.catch(() => undefined)
    if (known !== undefined && known.untilMs - marginMs > Date.now()) return known.token
    // Somebody who waited beside this one may have asked already.
    const latest = this.#kept.get(what)
    if (latest !== undefined && latest !== kept) return (await latest).token
    const asking = ask()
    this.#kept.set(what, asking)
    return (await asking).token
  }
}
