/** Work that may outlast the cycle that began it, so that whoever is slow holds up nobody else. */

export class Underway<T> {
  #work: Promise<void> | undefined
  #result: { readonly value: T } | undefined

  /** True from `begin` until its result was taken. */
  get busy(): boolean {
    return this.#work !== undefined
  }

  /** Begins the work, which must not reject; only when the last one's result was taken. */
  begin(work: () => Promise<T>): void {
    if (this.busy) throw new Error('the last work is still under way')
    this.#work = work().then((value) => void (this.#result = { value }))
  }

  /** Waits for the result, but not longer than so; undefined when it is not there by then. */
  async take(waitMs: number): Promise<T | undefined> {
    if (this.#result === undefined && waitMs > 0) {
      let timer: NodeJS.Timeout | undefined
      const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, waitMs)))
      await Promise.race([this.#work, tooLong])
      clearTimeout(timer)
    }
    if (this.#result === undefined) return undefined
    const { value } = this.#result
    this.#work = undefined
    this.#result = undefined
    return value
  }
}
