// Decides whether a depositor may have tokens. The rules are an example: refuse the memo "refuse", and
// deposits over 100 ether. The same payload always gets the same answer, so a repeated call does no harm.

const limitWei = 100n * 10n ** 18n

/**
 * @param {{account: string, amount: string, memo: string}} payload - amount in wei as decimal text, memo as 32 bytes hex
 * @returns {{approved: boolean, level: string, reason: string}}
 */
export default function kyc({ account, amount, memo }) {
  if (!/^0x[0-9a-f]{40}$/.test(account)) throw new Error(`"${account}" is no account`)
  const text = Buffer.from(memo.slice(2), 'hex').toString('utf8').replace(/\0+$/, '')
  if (text === 'refuse') {
    return { approved: false, level: 'none', reason: 'the memo asks for a refusal' }
  }
  if (BigInt(amount) > limitWei) {
    return { approved: false, level: 'none', reason: 'the amount is over the limit of 100 ether' }
  }
  return { approved: true, level: 'basic', reason: 'within the limits' }
}
