/** Fills a route table with all that a router has to tell, without anybody between. */
import { packAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import type { RouteTable } from '../../src/bgp/table/route-table.ts'
import { addressOfBytes, type Prefix } from '../../src/model/prefix.ts'
import type { FullFeed } from './full-feed.ts'

/** Gives the number of paths. */
export function fillTable(table: RouteTable, feeds: readonly FullFeed[], paths: number): number {
  let count = 0
  for (const feed of feeds) {
    for (let path = 0; path < paths; path++) {
      for (let group = 0; group < feed.groups; group++) {
        const { nextHop, asPath, ...rest } = feed.attributesOf(group, path, 0)
        const attributes = packAttributes({
          ...rest, origin: 0, nextHop: addressOfBytes(nextHop), asPath: [{ kind: 'sequence', asns: asPath }],
          largeCommunities: [], originatorId: undefined,
        })
        feed.eachPrefix(group, ([w0, w1, w2, w3], length) => {
          const prefix: Prefix = feed.family === 4
            ? { family: 4, w0: w0!, w1: 0, w2: 0, w3: 0, length }
            : { family: 6, w0: w0!, w1: w1!, w2: w2!, w3: w3!, length }
          table.announce(prefix, path + 1, attributes)
          count++
        })
      }
    }
  }
  return count
}
