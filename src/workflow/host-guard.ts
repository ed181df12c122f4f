/** Decides which addresses an outside call may connect to: public ones, and those that a setting names. */

import { BlockList, isIP } from 'node:net'

/** Addresses of version 4 that are nobody's on the public Internet (IANA special-purpose registry, RFC 6890). */
const special4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // Answers virtual machines of Azure with what they may know.
  '168.63.129.16/32',
]

/** Only this part of version 6 is handed out (RFC 4291), and of it these are special: tunnels lead to version 4. */
const global6 = '2000::/3'
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

const [refused4, handedOut6, refused6] = [special4, [global6], special6].map(listOf) as [
  BlockList,
  BlockList,
  BlockList,
]

/** Says whether a host may be called. */
export interface HostGuard {
  /** Whether a setting allows this host by its name, whatever its address is. */
  allowsName(hostname: string, port: string): boolean
  /** Whether an address of the Internet protocol is public, or allowed by a setting. */
  allowsAddress(address: string): boolean
}

/**
 * A guard.
 *
 * @param allowed - hosts that may be private: names or addresses, each with or without a port, and CIDR ranges
 */
export function createHostGuard(allowed: readonly string[]): HostGuard {
  const ranges = listOf(allowed.filter((one) => one.includes('/')))
  const names = new Set(allowed.filter((one) => !one.includes('/')).map((one) => one.toLowerCase()))
  return {
    allowsName: (hostname, port) =>
      names.size > 0 && (names.has(hostname) || names.has(`${hostname}:${port}`)),
    allowsAddress(address) {
      const bare = address.split('%', 1)[0] ?? ''
      const version = isIP(bare)
      if (version === 0) return false
      const family = version === 4 ? 'ipv4' : 'ipv6'
      if (ranges.check(bare, family)) return true
      if (version === 4) return !refused4.check(bare, family)
      return handedOut6.check(bare, family) && !refused6.check(bare, family)
    },
  }
}

/** Whether a word is a name, an address or a range that a guard understands. */
export function isAllowedHost(word: string): boolean {
  if (word.includes('/')) {
    const [address = '', bits = ''] = word.split('/')
    const version = isIP(address)
    return version > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
  }
  return /^(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9._-]+)(:\d{1,5})?$/.test(word)
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}
