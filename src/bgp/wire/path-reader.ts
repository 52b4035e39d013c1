/**
 * Reads received paths straight out of the bytes of GoBGP's replies: a full table comes in as some million
 * paths, and making objects of every message, Any and text of them takes ten times as long (measured).
 */
import protobuf from 'protobufjs/minimal.js'
import type { ReceivedChange } from './gobgp-api.ts'
import { eachField, endOf } from './protobuf-fields.ts'
import { ReceivedPath } from './received-path.ts'
import type { WireForm } from './wire-form.ts'

/** Both throw an Error when the bytes are no such reply; a path that is no use in itself is told as `unusable`. */
export interface PathReader {
  /** Reads a ListPathResponse; `neighbor` is who sent the path, "" or "<nil>" where it was injected. */
  readonly readListed: (bytes: Uint8Array, onPath: (change: ReceivedChange, neighbor: string) => void) => void
  /** Reads a WatchEventResponse that tells of a table; false when it tells of something else. */
  readonly readTold: (bytes: Uint8Array, onPath: (neighbor: string, change: ReceivedChange) => void) => boolean
}

/** One for each connection: it remembers texts that come again and again. */
export function createPathReader(form: WireForm): PathReader {
  const path = new ReceivedPath(form)
  return {
    readListed: (bytes, onPath) => {
      const reader = protobuf.Reader.create(bytes)
      eachField(reader, reader.len, (field) => {
        if (field !== 1) return
        eachField(reader, endOf(reader), (inner) => {
          if (inner !== 2) return
          path.read(reader, endOf(reader))
          onPath(path.change(), path.neighbor)
        })
      })
    },
    readTold: (bytes, onPath) => {
      const reader = protobuf.Reader.create(bytes)
      let isTable = false
      eachField(reader, reader.len, (field) => {
        if (field !== 3) return
        isTable = true
        eachField(reader, endOf(reader), (inner) => {
          if (inner !== 2) return
          path.read(reader, endOf(reader))
          // The end of a dump is told by an empty table, End-of-RIB by a path without prefix.
          if (path.hasNlri) onPath(path.neighbor, path.change())
        })
      })
      return isTable
    },
  }
}
