/** What is wrong with a configuration file: every fault at once, each with its place. */

/** Where a value stands in the configuration: keys and list indexes from the root. */
export type KeyPath = readonly (string | number)[]

export interface Fault {
  /** Both count from 1. */
  readonly line: number
  readonly col: number
  /** As in `routers[0].interfaces[1].speed`; `(file)` when the fault belongs to no key. */
  readonly path: string
  readonly message: string
}

/** Thrown when a configuration cannot be used. Its message has one line for each fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly file: string
  readonly faults: readonly Fault[]

  constructor(file: string, faults: readonly Fault[]) {
    super(faults.map((fault) => formatFault(file, fault)).join('\n'))
    this.file = file
    this.faults = faults
  }
}

/** One line of text: `FILE:LINE:COL PATH: what is wrong`. */
export function formatFault(file: string, { line, col, path, message }: Fault): string {
  return `${file}:${line}:${col} ${path}: ${message}`
}

/** Text of a path: `routers[0].interfaces[1].speed`; keys that are no plain words are quoted. */
export function formatKeyPath(path: KeyPath): string {
  if (path.length === 0) return '(file)'
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`
      return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
    })
    .join('')
    .replace(/^\./, '')
}
