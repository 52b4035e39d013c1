/** Work that is cheaper together. */

/**
 * A function that takes one item, and passes on all items that it was given in one turn of the event loop, as
 * one list. Each of its promises settles as the work on the list does.
 */
export function gather<Item>(work: (items: readonly Item[]) => Promise<void>): (item: Item) => Promise<void> {
  let gathered: { readonly items: Item[]; readonly done: Promise<void> } | undefined
  return (item) => {
    if (gathered === undefined) {
      const items: Item[] = []
      const done = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
        gathered = undefined
        return work(items)
      })
      gathered = { items, done }
    }
    gathered.items.push(item)
    return gathered.done
  }
}
