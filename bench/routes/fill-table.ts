/** Fills a route table with all that a router has to tell, without anybody between, and changes it. */
import { packAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import type { RouteTable } from '../../src/bgp/table/route-table.ts'
import { addressOfBytes, type Prefix } from '../../src/model/prefix.ts'
import type { FullFeed } from './full-feed.ts'

/** Gives the number of paths. */
export function fillTable(table: RouteTable, feeds: readonly FullFeed[], paths: number): number {
  let count = 0
  for (const feed of feeds) {
    for (let path = 0; path < paths; path++) {
      for (let group = 0; group < feed.groups; group++) count += announceGroup(table, feed, group, path, 0)
    }
  }
  return count
}

/** One path of a group's prefixes; gives their number. */
export function announceGroup(table: RouteTable, feed: FullFeed, group: number, path: number, version: number): number {
  const { nextHop, asPath, ...rest } = feed.attributesOf(group, path, version)
  const attributes = packAttributes({
    ...rest, origin: 0, nextHop: addressOfBytes(nextHop), asPath: [{ kind: 'sequence', asns: asPath }],
    largeCommunities: [], originatorId: undefined,
  })
  feed.eachPrefix(group, (words, length) => table.announce(prefixOfRow(feed, words, length), path + 1, attributes))
  return feed.sizeOf(group)
}

/** Takes one path of a group's prefixes back; gives their number. */
export function withdrawGroup(table: RouteTable, feed: FullFeed, group: number, path: number): number {
  feed.eachPrefix(group, (words, length) => void table.withdraw(prefixOfRow(feed, words, length), path + 1))
  return feed.sizeOf(group)
}

function prefixOfRow({ family }: FullFeed, [w0, w1, w2, w3]: Uint32Array, length: number): Prefix {
  return family === 4
    ? { family, w0: w0!, w1: 0, w2: 0, w3: 0, length }
    : { family, w0: w0!, w1: w1!, w2: w2!, w3: w3!, length }
}
