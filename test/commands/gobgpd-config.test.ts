import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { gobgpdConfigCommand, writeGobgpdConfig } from '../../src/commands/gobgpd-config.ts'
import { loadConfig, parseConfig } from '../../src/config/load-config.ts'

const pathOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const TARGET = '192.0.2.9:50051'

/** For the gobgpd at TARGET. */
function write(bgp: string, ...routers: string[]): Promise<string> {
  const lines = routers.map((router, i) => `  - { name: edge${i + 1}, ${router}, interfaces: [ { name: a, ifindex: 1 } ] }`)
  const config = parseConfig(`bgp: { gobgp: "${TARGET}", ${bgp} }\nrouters:\n${lines.join('\n')}\n`, 'f', {})
  return writeGobgpdConfig(config, config.routers[0]!.gobgp)
}

/** The lines that say this, without their indent. */
function linesWith(toml: string, ...keys: string[]): string[] {
  return toml.split('\n').map((line) => line.trim()).filter((line) => keys.some((key) => line.startsWith(`${key} =`)))
}

test('docs/gobgpd.toml is what it writes for config/spillway.yaml', async () => {
  const config = loadConfig(pathOf('config/spillway.yaml'), {})
  expect(readFileSync(pathOf('docs/gobgpd.toml'), 'utf8')).toBe(await writeGobgpdConfig(config, config.bgp.gobgp))
})

describe("gobgpd's own address", () => {
  const ADDRESSES = ['router-id', 'local-address-list', 'local-address', 'neighbor-address']

  test.each<[string, string, string[]]>([
    ['is the host of its API', 'asn: 65001', ['192.0.2.9', '10.0.0.1']],
    ['is the one configured', 'local_address: 10.0.0.9', ['10.0.0.9', '10.0.0.1']],
    ["is the router's, where that has one", 'local_address: 10.0.0.9', ['10.0.0.8', '10.0.0.1, local_address: 10.0.0.8']],
    ['is what the kernel sends from, on this machine', 'gobgp: "127.0.0.1:50051"', ['127.0.0.1', '127.0.0.2']],
    ['is that behind a socket, too', 'gobgp: "unix:/run/gobgp.sock"', ['127.0.0.1', '127.0.0.2']],
  ])('%s', async (_, bgp, [own, router]) => {
    const toml = bgp.startsWith('gobgp:')
      ? await write('', `address: ${router}, ${bgp}`)
      : await write(bgp, `address: ${router}`)
    expect(linesWith(toml, ...ADDRESSES)).toEqual([
      `router-id = "${own}"`,
      `local-address-list = ["${own}"]`,
      `neighbor-address = "${router!.split(',')[0]}"`,
      `local-address = "${own}"`,
    ])
  })

  test('of a router over IPv6 is another', async () => {
    const toml = await write('', 'address: 10.0.0.1', 'address: "2001:db8::1", local_address: "2001:db8::9"')
    expect(linesWith(toml, 'router-id', 'local-address-list', 'local-address')).toEqual([
      'router-id = "192.0.2.9"',
      'local-address-list = ["192.0.2.9", "2001:db8::9"]',
      'local-address = "192.0.2.9"',
      'local-address = "2001:db8::9"',
    ])
  })

  test.each([
    ['', 'address: 10.0.0.1, gobgp: "gobgp.example.net:1"',
      'bgp.local_address is missing: the address of gobgp.example.net:1 that speaks BGP with edge1'],
    ['', 'address: "2001:db8::1"',
      'router edge1 at 2001:db8::1 cannot be reached from 192.0.2.9: give it a local_address of the same family'],
    ['local_address: "2001:db8::9"', 'address: "2001:db8::1"',
      'bgp.router_id is missing: gobgpd has no IPv4 address that could be it'],
  ])('is missing %#', async (bgp, router, words) => {
    await expect(write(bgp, router)).rejects.toThrow(words)
  })
})

test('AS, port, marker and restart time are those configured; a socket is written as gobgpd takes it', async () => {
  const bgp = 'asn: 4200000001, marker_community: "65001:7", listen_port: 1179, router_id: 10.255.0.1, restart_time: 1500ms'
  const toml = await write(bgp, 'address: 127.0.0.2, gobgp: "unix:/run/gobgp.sock"')
  expect(linesWith(toml, 'as', 'router-id', 'port', 'community-list', 'peer-as', 'restart-time')).toEqual([
    'as = 4200000001', 'router-id = "10.255.0.1"', 'port = 1179', 'community-list = ["65001:7"]', 'peer-as = 4200000001',
    'restart-time = 2',
  ])
  expect(toml).toContain('--api-hosts unix:///run/gobgp.sock\n')
})

describe('the command', () => {
  async function run(target?: string): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', '']
    const io = {
      env: { SPILLWAY_TOKEN: 'a-token-long-enough' }, out: (text: string) => void (out += text), err: (text: string) => void (err += text),
    }
    const code = await gobgpdConfigCommand(pathOf('config/two-exits.yaml'), target, io)
    return { code, out, err }
  }

  test('asks which one when there are several', async () => {
    expect(await run()).toEqual({
      code: 2, out: '', err: 'which gobgpd? --gobgp takes one of 127.0.0.1:50051, 127.0.0.1:50052\n',
    })
  })

  test('knows no other than those configured', async () => {
    expect(await run('127.0.0.1:50053')).toEqual({ code: 2, out: '', err: 'no router has gobgp 127.0.0.1:50053\n' })
  })
})
