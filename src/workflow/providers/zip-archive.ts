/** Packs files into a ZIP archive, as clouds take functions. */

import { crc32, deflateRawSync } from 'node:zlib'

/** Times are left out, so that the same files are the same archive: 1 January 1980. */
const dosTime = 0
const dosDate = 0x21
const utf8Names = 0x0800
const deflated = 8
const version = 20
/** Version 3 (Unix) writes it: readers take the mode of a file from its attributes. */
const madeBy = (3 << 8) | version
/** A regular file that all may read and run. */
const attributes = 0o100755 * 2 ** 16

/**
 * The archive of files by path.
 *
 * @see APPNOTE.TXT, .ZIP File Format Specification 6.3, 4.3
 */
export function zipArchive(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = Buffer.from(path)
    const packed = deflateRawSync(content)
    const sizes = { crc: crc32(content), packed: packed.length, size: content.length }
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    writeEntry(local.subarray(4), sizes, name.length)
    const record = Buffer.alloc(46)
    record.writeUInt32LE(0x02014b50, 0)
    record.writeUInt16LE(madeBy, 4)
    writeEntry(record.subarray(6), sizes, name.length)
    record.writeUInt32LE(attributes, 38)
    record.writeUInt32LE(offset, 42)
    parts.push(local, name, packed)
    central.push(record, name)
    offset += local.length + name.length + packed.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files.size, 8)
  end.writeUInt16LE(files.size, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, directory, end])
}

/** The fields that stand in both places, from "version needed to extract" on. */
function writeEntry(
  to: Buffer,
  { crc, packed, size }: { readonly crc: number; readonly packed: number; readonly size: number },
  nameLength: number,
): void {
  to.writeUInt16LE(version, 0)
  to.writeUInt16LE(utf8Names, 2)
  to.writeUInt16LE(deflated, 4)
  to.writeUInt16LE(dosTime, 6)
  to.writeUInt16LE(dosDate, 8)
  to.writeUInt32LE(crc, 10)
  to.writeUInt32LE(packed, 14)
  to.writeUInt32LE(size, 18)
  to.writeUInt16LE(nameLength, 22)
}
