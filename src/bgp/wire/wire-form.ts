/** How the versions of GoBGP's API pack NLRI and attributes: v3 as an Any, v4 as a oneof. */
import type { Reader } from 'protobufjs'
import { Meanings } from './meanings.ts'
import { endOf, LENGTH_DELIMITED } from './protobuf-fields.ts'

/** How a version of the API packs NLRI and attributes. */
export interface WireForm {
  /**
   * v3: as an Any, whose type names the message: gives the field that it has in v4's oneof. Undefined in v4,
   * where it is one.
   */
  readonly fieldOfType: ((typeUrl: string) => number | undefined) | undefined
  /** What v4 adds to the numbers of an enum. */
  readonly enumShift: number
}

/** Fields of v4's Attribute that are read. */
export const ATTRIBUTE = {
  origin: 2, asPath: 3, nextHop: 4, med: 5, localPref: 6, communities: 9, originatorId: 10, mpReach: 12, large: 21,
} as const
/** Field of v4's NLRI, and what stands for each other kind. */
export const NLRI_PREFIX = 1

/** Opens the one as the other. */
export class Opener {
  /** Fields by the type of an Any, in v3. */
  readonly #fields: Meanings<number | undefined> | undefined

  constructor({ fieldOfType }: WireForm) {
    this.#fields = fieldOfType && new Meanings(fieldOfType)
  }

  /** An Any (type, value), or a oneof: field of v4's oneof, with the reader where the message begins. */
  open(reader: Reader, end: number): number | undefined {
    const fields = this.#fields
    if (fields === undefined) {
      const tag = reader.uint32()
      const stop = endOf(reader)
      return (tag & 7) === LENGTH_DELIMITED && stop === end ? tag >>> 3 : undefined
    }
    let field: number | undefined
    while (reader.pos < end) {
      const tag = reader.uint32()
      const stop = endOf(reader)
      if (tag >>> 3 === 1) field = fields.of(reader.buf, reader.pos, stop)
      // An empty message has no value.
      else return stop === end ? field : undefined
      reader.pos = stop
    }
    return field
  }
}
