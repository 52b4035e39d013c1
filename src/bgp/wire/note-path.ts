/**
 * Notes as paths, and back. Pure.
 *
 * GoBGP keeps no data for its clients but routes, so a note is a route of a family that no router speaks:
 * IPv4 encapsulation (AFI 1, SAFI 7; RFC 5512, deprecated by RFC 9012). Its NLRI is an address: the 32 bits
 * of the marker, so that each marker has notes of its own. What the note says travels as large communities
 * (RFC 8092).
 */
import {
  LEASE_STATES, WATCHDOG_ROLES, type Heartbeat, type Lease, type Notes,
} from '../../model/lease.ts'
import { formatAddress } from '../../model/prefix.ts'
import { ORIGIN } from '../../model/route.ts'
import type {
  AttributeMessage, FamilyMessage, NlriMessage, PathKey, PathMessage, SentPath,
} from './gobgp-dialect.ts'

export const NOTE_FAMILY: FamilyMessage = { afi: 1, safi: 7 }

/** The path's identifier tells a marker's notes apart. */
const IDENTIFIER: Readonly<Record<keyof Notes, number>> = { lease: 0, heartbeat: 1 }
const OPENED_IDENTIFIER = 2

/** First data field of the large communities; the second is the value. */
const FIELD = {
  sequence: 1, state: 2, ownerHigh: 3, ownerLow: 4, incarnation: 5, durationMs: 6, watchdog: 7, role: 8,
} as const
type Fields = Partial<Record<keyof typeof FIELD, number>>

/** A route must have a next hop; nothing is ever sent there. */
const NEXT_HOP = '127.0.0.1'

/** The path to add for a lease. Throws RangeError for a value that is no unsigned 32-bit number. */
export function writeLease(
  marker: number,
  { owner, incarnation, sequence, durationMs, state }: Lease,
): SentPath {
  return writeNote(marker, 'lease', {
    sequence,
    state: LEASE_STATES.indexOf(state),
    ownerHigh: parseInt(owner.slice(0, 8), 16),
    ownerLow: parseInt(owner.slice(8), 16),
    incarnation,
    durationMs,
  })
}

/** The same for a heartbeat. */
export function writeHeartbeat(marker: number, { watchdog, sequence, role }: Heartbeat): SentPath {
  return writeNote(marker, 'heartbeat', { watchdog, sequence, role: WATCHDOG_ROLES.indexOf(role) })
}

/**
 * The path to add once the sessions of a new gobgpd were opened. It says nothing more: it goes with that
 * gobgpd.
 */
export function writeOpenedNote(marker: number): SentPath {
  return { ...writeNote(marker, 'lease', {}), identifier: OPENED_IDENTIFIER }
}

export function isOpenedNote(marker: number, { nlri, identifier }: PathMessage): boolean {
  return (
    identifier === OPENED_IDENTIFIER &&
    nlri?.encapsulation?.address === writeNlri(marker).encapsulation!.address
  )
}

function writeNote(marker: number, note: keyof Notes, fields: Fields): SentPath {
  const communities = Object.entries(fields).map(([field, value]) => {
    if (value >>> 0 !== value) {
      throw new RangeError(`${field} of the ${note} is ${value}, no unsigned 32-bit number`)
    }
    return { global_admin: marker >>> 16, local_data1: FIELD[field as keyof Fields], local_data2: value }
  })
  const pattrs: AttributeMessage[] = [
    { attr: 'origin', origin: { origin: ORIGIN.incomplete } },
    { attr: 'next_hop', next_hop: { next_hop: NEXT_HOP } },
    { attr: 'large_communities', large_communities: { communities } },
  ]
  return { ...noteKey(marker, note), pattrs }
}

/** What names a note's path. */
export function noteKey(marker: number, note: keyof Notes): PathKey {
  return { nlri: writeNlri(marker), family: NOTE_FAMILY, identifier: IDENTIFIER[note] }
}

/** The notes of this marker among paths of NOTE_FAMILY. Throws when one of them cannot be understood. */
export function readNotes(marker: number, paths: readonly PathMessage[]): Notes {
  const address = writeNlri(marker).encapsulation!.address
  const fieldsOf = (note: keyof Notes): Fields | undefined => {
    const path = paths.find(({ nlri, identifier }) =>
      nlri?.encapsulation?.address === address && identifier === IDENTIFIER[note])
    return path && readFields(marker, path)
  }
  return { lease: readLease(fieldsOf('lease')), heartbeat: readHeartbeat(fieldsOf('heartbeat')) }
}

function readLease(fields: Fields | undefined): Lease | undefined {
  if (fields === undefined) return undefined
  const { sequence, ownerHigh, ownerLow, incarnation, durationMs } = fields
  const state = LEASE_STATES[fields.state ?? NaN]
  if (
    sequence === undefined ||
    ownerHigh === undefined ||
    ownerLow === undefined ||
    incarnation === undefined ||
    durationMs === undefined ||
    state === undefined
  ) {
    throw new Error('the lease that GoBGP holds cannot be understood: it was written by something else')
  }
  const owner = [ownerHigh, ownerLow].map((word) => word.toString(16).padStart(8, '0')).join('')
  return { owner, incarnation, sequence, durationMs, state }
}

function readHeartbeat(fields: Fields | undefined): Heartbeat | undefined {
  if (fields === undefined) return undefined
  const { sequence, watchdog } = fields
  const role = WATCHDOG_ROLES[fields.role ?? NaN]
  if (sequence === undefined || watchdog === undefined || role === undefined) {
    throw new Error('the heartbeat that GoBGP holds cannot be understood: it was written by something else')
  }
  return { watchdog, sequence, role }
}

function readFields(marker: number, { pattrs }: PathMessage): Fields {
  const communities = pattrs.flatMap((attribute) =>
    attribute.attr === 'large_communities' ? attribute.large_communities.communities : [])
  const ours = new Map(
    communities
      .filter(({ global_admin }) => global_admin === marker >>> 16)
      .map(({ local_data1, local_data2 }) => [local_data1, local_data2]))
  return Object.fromEntries(Object.entries(FIELD).map(([name, field]) => [name, ours.get(field)]))
}

function writeNlri(marker: number): NlriMessage {
  return { encapsulation: { address: formatAddress({ family: 4, w0: marker, w1: 0, w2: 0, w3: 0 }) } }
}
