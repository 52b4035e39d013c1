/** What the schema found → sentences for whoever wrote the file. */
import type { z } from 'zod'
import type { KeyPath } from './config-error.ts'
import type { Places } from './places.ts'
import { keysAt } from './schema.ts'
import { suggest } from './suggest.ts'

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  object: 'a map of keys and values',
  array: 'a list',
}

/** Reports one issue to `places`; `value` is what was checked. */
export function reportIssue(issue: z.core.$ZodIssue, value: unknown, places: Places): void {
  const path = issue.path as KeyPath
  const given = valueAt(value, path)
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path)
    for (const key of issue.keys) {
      const hint = didYouMean(key, known) || `; known here: ${known.join(', ')}`
      places.report([...path, key], `unknown key${hint}`, 'key')
    }
  } else if (issue.code === 'invalid_type') {
    places.report(path, explainType(KINDS[issue.expected] ?? issue.expected, given))
  } else if (issue.code === 'invalid_value') {
    const values = issue.values.map(String)
    places.report(path, `must be ${values.join(' or ')}${didYouMean(given, values)}`)
  } else {
    places.report(path, issue.message)
  }
}

function didYouMean(given: unknown, known: readonly string[]): string {
  const meant = typeof given === 'string' ? suggest(given, known) : undefined
  return meant === undefined ? '' : `; did you mean ${meant}?`
}

function explainType(expected: string, given: unknown): string {
  if (given === undefined) return 'is missing'
  if (given === null) return 'has no value: give it one, or leave the key out'
  if (typeof given === 'string') return `must be ${expected}, not "${given.slice(0, 40)}"`
  if (Array.isArray(given)) return `must be ${expected}, not a list`
  if (typeof given === 'object') return `must be ${expected}, not a map`
  const hint = expected === 'text' ? '; put it in quotes' : ''
  return `must be ${expected}, not ${given as number | boolean}${hint}`
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let at = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return at
    // a lone value that stands for a list of one
    if (typeof step === 'number' && !Array.isArray(at)) return at
    at = (at as Record<string | number, unknown>)[step]
  }
  return at
}
