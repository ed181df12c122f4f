/** Reads and writes amounts of ether and memos exactly. */

const weiPerEther = 10n ** 18n

/** Wei of an amount such as `1.5`; nothing for what is no amount above zero with at most 18 decimals. */
export function weiOf(ether: string): bigint | undefined {
  const [, whole = '0', fraction = ''] = /^(\d{1,12})?(?:\.(\d{1,18}))?$/.exec(ether.trim()) ?? [
    '',
    '',
    '',
  ]
  if (ether.trim() === '' || (whole === '' && fraction === '')) return undefined
  const wei = BigInt(whole || '0') * weiPerEther + BigInt(fraction.padEnd(18, '0'))
  return wei > 0n ? wei : undefined
}

/** An amount of wei as ether, all decimals that matter. */
export function etherOf(wei: bigint | string): string {
  const amount = BigInt(wei)
  const fraction = String(amount % weiPerEther)
    .padStart(18, '0')
    .replace(/0+$/, '')
  return `${amount / weiPerEther}${fraction ? `.${fraction}` : ''}`
}

/** A memo as 32 bytes of hex without 0x; nothing if it is longer than 32 bytes of UTF-8. */
export function memoWord(memo: string): string | undefined {
  const bytes = new TextEncoder().encode(memo)
  if (bytes.length > 32) return undefined
  return [...bytes]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .padEnd(64, '0')
}

/** First four bytes of keccak-256 of `deposit(bytes32)`. */
export const depositSelector = '0xb214faa5'

/** Call data of `deposit(bytes32 memo)`. */
export function depositData(memo: string): string | undefined {
  const word = memoWord(memo)
  return word === undefined ? undefined : depositSelector + word
}
