/** The table of full-table as a router's routes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packAttributes } from '../src/bgp/wire/packed-attributes.ts'
import { RouteTable } from '../src/bgp/table/route-table.ts'
import { addressOfBytes } from '../src/model/prefix.ts'
import { ORIGIN, type PathAttributes } from '../src/model/route.ts'

/** Sets of attributes that the routes of a full table share: about as many as there are AS paths. */
const SETS = 60_000
const NEXT_HOPS = 32

/** Reads t4.bin and t6.bin of the folder. */
export function loadTable(folder: string): RouteTable {
  const sets = Array.from({ length: SETS }, (_, i) => packAttributes(attributesOf(i)))
  const table = new RouteTable()
  let n = 0
  const four = readWords(join(folder, 't4.bin'))
  for (let at = 0; at < four.length; at += 2) {
    const prefix = { family: 4, w0: four[at]!, w1: 0, w2: 0, w3: 0, length: four[at + 1]! } as const
    table.announce(prefix, 1, sets[n++ % SETS]!)
  }
  const six = readWords(join(folder, 't6.bin'))
  for (let at = 0; at < six.length; at += 5) {
    const [w0, w1, w2, w3, length] = six.subarray(at, at + 5) as unknown as [number, number, number, number, number]
    table.announce({ family: 6, w0, w1, w2, w3, length }, 1, sets[n++ % SETS]!)
  }
  return table
}

function readWords(file: string): Uint32Array {
  const bytes = readFileSync(file)
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}

function attributesOf(i: number): PathAttributes {
  return {
    nextHop: addressOfBytes([192, 0, 2, 1 + (i % NEXT_HOPS)]),
    origin: ORIGIN.igp,
    asPath: [{ kind: 'sequence', asns: [64_500 + (i % NEXT_HOPS), 3000 + (i >> 5), 100_000 + i] }],
    med: undefined, localPref: 100, communities: [], largeCommunities: [], originatorId: undefined,
  }
}
