/** Ends a run for which a region of memory is too small: the host makes another kernel and says so. */

/** The region that was full. */
export let fullRegion: u32 = 0

export const FULL_ACCOUNTS: u32 = 1
export const FULL_SLOTS: u32 = 2
export const FULL_TRANSIENT: u32 = 3
export const FULL_JOURNAL: u32 = 4
export const FULL_LOGS: u32 = 5
export const FULL_CODES: u32 = 6
export const FULL_MEMORY: u32 = 7
export const FULL_RETURN: u32 = 8

/** Never returns. */
export function full(region: u32): void {
  fullRegion = region
  unreachable()
}
