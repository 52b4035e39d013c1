/**
 * One file for each mistake, and one with many. A file begins with the faults that it must give, each a
 * comment `#: LINE:COL PATH: what is wrong`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/config-error.ts'
import { loadConfig } from '../../src/config/load-config.ts'

const FOLDER = new URL('faults/', import.meta.url)

describe('a faulty configuration gives every fault with its place', () => {
  test.each(readdirSync(FOLDER))('%s', (name) => {
    const file = new URL(name, FOLDER).pathname
    const wanted = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('#: '))
      .map((line) => `${file}:${line.slice(3)}`)
    expect(wanted).not.toEqual([])
    expect(faultsOf(file)).toEqual(wanted)
  })

  test('a file that is not there gives one line', () => {
    expect(faultsOf('/nowhere/x.yaml')).toEqual([
      "/nowhere/x.yaml:1:1 (file): cannot be read: ENOENT: no such file or directory, open '/nowhere/x.yaml'",
    ])
  })

  test('a folder gives one line', () => {
    expect(faultsOf('/tmp')).toEqual([expect.stringContaining('/tmp:1:1 (file): cannot be read: EISDIR')])
  })

  test('bytes that are no text give one line', () => {
    expect(faultsOf(process.execPath)).toEqual([expect.stringContaining('(file): cannot be read: ')])
  })
})

function faultsOf(file: string): string[] {
  try {
    loadConfig(file, {})
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}
