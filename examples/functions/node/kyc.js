// The function itself, which knows nothing of where it runs: (payload, {idempotencyKey}) => result. As it stands it is a local
// function of QuantumStream; aws.js, google.js, azure.js and http.js call it elsewhere.

const limitWei = 100n * 10n ** 18n

/** Asks to be called later, in each place. */
export class RetryLater extends Error {
  name = 'RetryLater'
}

/**
 * Decides whether a depositor may have tokens.
 *
 * @param {{account: string, amount: string, later?: boolean}} payload - amount in wei as decimal text
 * @returns {{approved: boolean, reason: string}}
 */
export default function kyc({ account, amount, later = false }) {
  if (later) throw new RetryLater('the list of accounts is being renewed')
  if (!/^0x[0-9a-f]{40}$/.test(account)) throw new Error(`"${account}" is no account`)
  if (BigInt(amount) > limitWei) return { approved: false, reason: 'over the limit of 100 ether' }
  return { approved: true, reason: 'within the limits' }
}
