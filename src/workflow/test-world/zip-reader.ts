/** Reads ZIP archives in tests, by their directory. */

import assert from 'node:assert/strict'
import { crc32, inflateRawSync } from 'node:zlib'

/** The texts of an archive's files by path; fails at what is no archive. */
export function unzipped(archive: Buffer): Readonly<Record<string, string>> {
  const end = archive.length - 22
  assert.equal(archive.readUInt32LE(end), 0x06054b50, 'the end of the directory')
  const found: Record<string, string> = {}
  let at = archive.readUInt32LE(end + 16)
  for (let n = archive.readUInt16LE(end + 10); n > 0; n -= 1) {
    assert.equal(archive.readUInt32LE(at), 0x02014b50)
    const nameLength = archive.readUInt16LE(at + 28)
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength)
    const local = archive.readUInt32LE(at + 42)
    assert.equal(archive.readUInt32LE(local), 0x04034b50)
    const begin = local + 30 + archive.readUInt16LE(local + 26)
    const content = inflateRawSync(archive.subarray(begin, begin + archive.readUInt32LE(at + 20)))
    assert.equal(content.length, archive.readUInt32LE(at + 24))
    assert.equal(crc32(content), archive.readUInt32LE(at + 16))
    found[name] = content.toString('utf8')
    at += 46 + nameLength
  }
  return found
}
