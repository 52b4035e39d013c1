/** What reading protobuf's encoding field by field takes, beyond its own library's reader. */
import type { Reader } from 'protobufjs'

export const LENGTH_DELIMITED = 2

/** Calls `read` at each field, with its number; it may read the field, or leave it. */
export function eachField(reader: Reader, end: number, read: (field: number) => void): void {
  while (reader.pos < end) {
    const tag = reader.uint32()
    const start = reader.pos
    read(tag >>> 3)
    if (reader.pos === start) reader.skipType(tag & 7)
  }
  if (reader.pos !== end) throw new RangeError('a field reaches beyond its message')
}

/** Reads the length of what follows; gives where it ends. */
export function endOf(reader: Reader): number {
  const length = reader.uint32()
  const end = reader.pos + length
  if (end > reader.len) throw new RangeError('a message is cut off')
  return end
}

/** The numbers of a repeated field, packed or not. */
export function eachNumber(reader: Reader, end: number, field: number, take: (value: number) => void): void {
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag >>> 3 !== field) {
      reader.skipType(tag & 7)
    } else if ((tag & 7) === LENGTH_DELIMITED) {
      const stop = endOf(reader)
      while (reader.pos < stop) take(reader.uint32())
    } else {
      take(reader.uint32())
    }
  }
}

/** The value of field 1; undefined where 0 was left out. */
export function firstNumber(reader: Reader, end: number): number | undefined {
  let value: number | undefined
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag >>> 3 === 1) value = reader.uint32()
    else reader.skipType(tag & 7)
  }
  return value
}
