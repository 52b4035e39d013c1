/** YAML text → plain values, of which each still knows its place in the file. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'
import type { Document, Pair } from 'yaml'
import type { KeyPath } from './config-error.ts'
import { substituteEnvironment, type Environment } from './environment.ts'
import { Places, type Place } from './places.ts'

/** More values than any configuration holds: aliases within aliases multiply. */
const MAX_VALUES = 100_000

export interface ConfigTree {
  /** Maps, lists, text, numbers, booleans and null, with references to the environment replaced. */
  readonly value: unknown
  /** Where they stand, and what is wrong so far. */
  readonly places: Places
  /** False when the syntax is at fault: there is no value then. */
  readonly readable: boolean
}

/** Reads YAML text that should hold one document. Faults go to `places`. */
export function readConfigTree(text: string, env: Environment): ConfigTree {
  const lines = new LineCounter()
  const documents = [
    ...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false }),
  ]
  const places = new Places(lines)
  for (const { errors, warnings } of documents) {
    for (const { message, pos } of [...errors, ...warnings]) {
      places.reportFile(explainSyntax(message, text, pos[0]), places.at(pos[0]))
    }
  }
  const [document, second] = documents
  if (document === undefined || isEmpty(document)) {
    places.reportFile('is empty: it needs routers at least')
  } else if (second !== undefined) {
    places.reportFile('holds several YAML documents; write one', places.at(second.range[0]))
  }
  if (document === undefined || places.faults.length > 0) return { value: undefined, places, readable: false }
  const value = new TreeReader(document, env, places).read(document.contents, [], places.at(0))
  return { value, places, readable: true }
}

function isEmpty({ contents }: Document): boolean {
  return contents === null || (isScalar(contents) && contents.value === null)
}

class TreeReader {
  readonly #document: Document
  readonly #env: Environment
  readonly #places: Places
  /** Collections that are being read: an alias to one of them would never end. */
  readonly #open = new Set<unknown>()
  #values = 0

  constructor(document: Document, env: Environment, places: Places) {
    this.#document = document
    this.#env = env
    this.#places = places
  }

  read(node: unknown, path: KeyPath, key: Place): unknown {
    const isText = isScalar(node) && node.value !== null
    this.#places.set(path, key, isText ? this.#start(node, key) : key)
    if (++this.#values > MAX_VALUES) {
      const isFirst = this.#values === MAX_VALUES + 1
      if (isFirst) this.#places.reportFile('holds too many values: aliases within aliases')
      return undefined
    }
    if (isScalar(node)) return this.#substitute(node.value, path)
    if (isAlias(node)) {
      const target = this.#resolve(node)
      if (target !== undefined) return this.read(target, path, key)
      this.#places.report(path, `alias *${node.source} has no anchor before it, or stands within it`)
      return undefined
    }
    this.#open.add(node)
    try {
      if (isMap(node)) return this.#readMap(node.items, path)
      if (!isSeq(node)) return null
      return node.items.map((item, i) => this.read(item, [...path, i], this.#start(item, key)))
    } finally {
      this.#open.delete(node)
    }
  }

  #readMap(items: readonly Pair[], path: KeyPath): Record<string, unknown> {
    // without a prototype `__proto__` is a key like any other
    const result = Object.create(null) as Record<string, unknown>
    const merged: unknown[] = []
    for (const { key, value } of items) {
      const name = isScalar(key) ? String(key.value) : undefined
      const at = [...path, name ?? '?']
      const place = this.#start(key, this.#places.at(0))
      if (name === undefined) {
        this.#places.report(at, 'a key must be one plain word')
      } else if (name === '<<') {
        merged.push(...(isSeq(value) ? value.items : [value]))
      } else if (name in result) {
        const first = this.#places.keyLine(at)
        this.#places.set(at, place, place)
        this.#places.report(at, `is given twice, first on line ${first}`)
      } else {
        result[name] = this.read(value, at, place)
      }
    }
    for (const source of merged) this.#merge(source, path, result)
    return result
  }

  /** `<<: *defaults` (YAML 1.1 merge key): what the map does not give itself comes from another. */
  #merge(source: unknown, path: KeyPath, result: Record<string, unknown>): void {
    const from = isAlias(source) ? this.#resolve(source) : source
    if (!isMap(from)) {
      this.#places.report([...path, '<<'], 'must be the alias of a map, as in "<<: *defaults"')
      return
    }
    this.#open.add(from)
    const missing = from.items.filter(({ key }) => !(isScalar(key) && String(key.value) in result))
    Object.assign(result, this.#readMap(missing, path))
    this.#open.delete(from)
  }

  /** What an alias stands for; undefined when there is nothing, or when reading it would never end. */
  #resolve(alias: { resolve(document: Document): unknown }): unknown {
    const target = alias.resolve(this.#document)
    return this.#open.has(target) ? undefined : target
  }

  #substitute(value: unknown, path: KeyPath): unknown {
    try {
      return typeof value === 'string' ? substituteEnvironment(value, this.#env) : value
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#places.report(path, error.message)
      return undefined
    }
  }

  #start(node: unknown, otherwise: Place): Place {
    const range = (node as { range?: readonly number[] | null } | null)?.range
    return range ? this.#places.at(range[0]!) : otherwise
  }
}

function explainSyntax(message: string, text: string, offset: number): string {
  const line = message.split('\n')[0]!
  if (text[offset - 1] === '$' && text[offset] === '{') return `${line}; put "\${NAME}" in quotes here`
  return line.startsWith('Unresolved tag') ? `${line}; tags mean nothing here` : line
}
