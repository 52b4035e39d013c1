import { expect, test } from 'vitest'
import { gather } from '../../src/bgp/gather.ts'

test('what comes in one turn is one list, what comes later another, and each settles as its list does', async () => {
  const lists: (readonly number[])[] = []
  const put = gather<number>(async (items) => {
    lists.push(items)
    if (items.includes(2)) throw new Error('two')
  })
  const first = [put(1), put(2)]
  expect((await Promise.allSettled(first)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await Promise.all([put(3), put(4), put(5)])
  expect(lists).toEqual([[1, 2], [3, 4, 5]])
})
