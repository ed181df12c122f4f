/** Keeps the logs of a transaction, one record behind the other. */

import { toBytes } from '../words/u256'
import { FULL_LOGS, full } from './capacity'
import { frame, memoryBase, setFault } from './frame'
import {
  FAULT_STATIC,
  FRAME_ADDRESS,
  FRAME_STATIC,
  LOG_ADDRESS,
  LOG_BODY,
  LOG_DATA_SIZE,
  LOG_TOPICS,
  LOGS,
  LOGS_END,
} from './layout'
import { buy, sizeOf } from './memory'
import { LOG0 } from './operations'

export let logsEnd: usize = LOGS
export let logCount: u32 = 0
/** Logs ever made, those that were cut included. */
export let logsMade: u32 = 0

/** Cuts the logs back to a mark. */
export function cutLogs(end: usize, count: u32): void {
  logsEnd = end
  logCount = count
}

/** LOG0 to LOG4: offset, size, topics. */
export function log(op: u32, sp: usize, gas: i64): i64 {
  if (load<u32>(frame, FRAME_STATIC)) {
    setFault(FAULT_STATIC)
    return -1
  }
  const size = sizeOf(sp - 32)
  if (size < 0) return -1
  const price = size << 3
  if (price > gas) return -1
  const bought = buy(sp, size, gas - price)
  if (bought < 0) return -1
  const topics = op - LOG0
  const record = logsEnd
  const bytes = (LOG_BODY + (usize(topics) << 5) + usize(size) + 15) & ~usize(15)
  if (record + bytes > LOGS_END) full(FULL_LOGS)
  logsEnd = record + bytes
  logCount++
  logsMade++
  store<u32>(record, u32(bytes))
  store<u32>(record, topics, LOG_TOPICS)
  store<u32>(record, u32(size), LOG_DATA_SIZE)
  toBytes(record + LOG_ADDRESS, frame + FRAME_ADDRESS)
  let to = record + LOG_BODY
  for (let at: u32 = 0; at < topics; at++) {
    toBytes(to, sp - 64 - (usize(at) << 5))
    to += 32
  }
  if (size) memory.copy(to, memoryBase + usize(load<u32>(sp)), usize(size))
  return price + bought
}
