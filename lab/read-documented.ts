/** The routers' configurations that users copy. */
import { readFileSync } from 'node:fs'
import { LONGEST_IPV4 } from './service-config.ts'

/**
 * A file of docs/ as it stands there, but for the longest override that the router takes: `longest` is the text
 * that ends in that length. Throws when that text is not there.
 */
export function readDocumented(name: string, longest: string): string {
  const text = readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8')
  if (!text.includes(longest)) throw new Error(`docs/${name} has no "${longest}"`)
  return text.replace(longest, longest.replace(/\d+$/, String(LONGEST_IPV4)))
}
