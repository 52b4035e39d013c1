/** Big-endian numbers out of bytes; the caller has checked the bounds. */

export function readU16(bytes: DataView, at: number): number {
  return bytes.getUint16(at)
}

export function readU32(bytes: DataView, at: number): number {
  return bytes.getUint32(at)
}

/** XDR hyper (RFC 4506, section 4.5): exact up to 2^53, then to the nearest 2 KB. */
export function readU64(bytes: DataView, at: number): number {
  return readU32(bytes, at) * 2 ** 32 + readU32(bytes, at + 4)
}
