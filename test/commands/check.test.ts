import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkCommand } from '../../src/commands/check.ts'
import { parseConfig } from '../../src/config/load-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'spillway-check-'))
afterAll(() => rmSync(folder, { recursive: true }))

const GOOD = `
routers:
  - name: edge1
    address: 10.0.0.1
    override: more_specific
    interfaces: [ { name: transit-a, ifindex: 1, address: 192.0.2.1/31 } ]
api: { token: sixteen-letters! }
`

const EDGE2 = `  - name: edge2
    address: 10.0.0.2
    override: more_specific
    interfaces: [ { name: a, ifindex: 1, address: 192.0.2.1/31 } ]`

describe('check', () => {
  test('prints the effective configuration, and nothing else when there is nothing to warn of', () => {
    const { code, out, err, file } = check(GOOD)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const env = { SPILLWAY_TOKEN: 'sixteen-letters!' }
    expect(parseConfig(out, 'out', env)).toEqual(parseConfig(GOOD, file, {}))
  })

  test('prints faults only, on standard error, and gives 2', () => {
    const { code, out, err, file } = check(GOOD.replace('ifindex: 1', 'ifindex: x'))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toBe(`${file}:6:47 routers[0].interfaces[0].ifindex: must be a number, not "x"\n`)
  })

  test('a file that is not there gives 2 and one line', () => {
    const io = collect()
    expect(checkCommand(join(folder, 'none.yaml'), io)).toBe(2)
    expect(io.errText()).toMatch(/^[^\n]+none\.yaml:1:1 \(file\): cannot be read: ENOENT[^\n]+\n$/)
  })

  test('a programming error is no fault of the file', () => {
    const out = () => {
      throw new TypeError('broken')
    }
    const { file } = check(GOOD)
    expect(() => checkCommand(file, { env: {}, out, err: () => undefined })).toThrow('broken')
  })
})

describe('check warns, and gives 0 all the same, of', () => {
  test.each([
    ['same_length', GOOD.replace('more_specific', 'same_length'), ['router edge1: override same_length']],
    ['an API on all addresses', GOOD.replace('api: {', 'api: { listen: 0.0.0.0:80,'), ['api.listen 0.0.0.0']],
    ['a short lease', `${GOOD}\ncontroller: { lease: 9s }\n`, ['controller.lease is shorter than 10s']],
    ['a missing token', GOOD.replace(/api:.*/, ''), ['api.token is not set']],
    ['a short token', GOOD.replace('sixteen', 'fifteen').replace('!', ''), ['api.token is shorter than 16']],
    [
      'a speed without its unit',
      GOOD.replace(', address: 192.0.2.1/31', ', address: 192.0.2.1/31, speed: 10'),
      ['router edge1: interface transit-a has a speed of 10 bps'],
    ],
    [
      'an interface without next hops',
      GOOD.replace(', address: 192.0.2.1/31', ''),
      ['router edge1: interface transit-a has neither'],
    ],
    [
      'routers that share a gobgpd',
      GOOD.replace('api:', `${EDGE2}\napi:`),
      ['routers edge1, edge2 share the gobgpd at 127.0.0.1:50051'],
    ],
  ])('%s', (_, text, wanted) => {
    const { code, out, err } = check(text)
    expect(code).toBe(0)
    expect(out).toContain('routers:')
    const lines = wanted.map((start) => expect.stringContaining(`warning: ${start}`) as string)
    expect(err.trimEnd().split('\n')).toEqual(lines)
  })

  test.each(['127.0.0.1', '127.8.8.8', '[::1]'])('not of %s', (host) => {
    expect(check(GOOD.replace('api: {', `api: { listen: "${host}:8080",`)).err).toBe('')
  })
})

function check(text: string) {
  const file = join(folder, 'spillway.yaml')
  writeFileSync(file, text)
  const io = collect()
  const code = checkCommand(file, io)
  return { code, file, out: io.outText(), err: io.errText() }
}

function collect() {
  let [outText, errText] = ['', '']
  return {
    env: {},
    out: (text: string) => void (outText += text),
    err: (text: string) => void (errText += text),
    outText: () => outText,
    errText: () => errText,
  }
}
