/** bin/spillway as a shell finds it: from any folder, through links, and with an unfit Node first on PATH. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SYSTEM_PATH = '/usr/bin:/bin'
let folder: string

/** PATH on which the first `node` is one that cannot run Spillway, as version 20 cannot. */
let oldNodePath: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-bin-'))
  mkdirSync(join(folder, 'old'))
  writeFileSync(join(folder, 'old/node'), '#!/bin/sh\nexit 1\n')
  chmodSync(join(folder, 'old/node'), 0o755)
  oldNodePath = `${join(folder, 'old')}:${SYSTEM_PATH}`
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: oldNodePath, ...env },
  })
  return { status, stdout, stderr }
}

describe('bin/spillway', () => {
  test('finds its own Node when the first on PATH is too old, from any folder, through a link', () => {
    const link = join(folder, 'spillway')
    symlinkSync(join(ROOT, 'bin/spillway'), link)
    for (const command of [join(ROOT, 'bin/spillway'), link]) {
      expect(run(command, ['--version'])).toMatchObject({ status: 0, stdout: 'spillway 0.1.0\n' })
    }
  })

  test('says what to do when there is none', () => {
    const bare = join(folder, 'bare')
    cpSync(join(ROOT, 'bin'), join(bare, 'bin'), { recursive: true })
    const { status, stderr } = run(join(bare, 'bin/spillway'), ['--version'])
    expect(status).toBe(2)
    expect(stderr).toContain('needs Node.js 24')
  })

  test('takes the Node that SPILLWAY_NODE names, and refuses one that is unfit', () => {
    expect(run(join(ROOT, 'bin/spillway'), ['--version'], { SPILLWAY_NODE: process.execPath }).status).toBe(0)
    const unfit = run(join(ROOT, 'bin/spillway'), ['--version'], { SPILLWAY_NODE: join(folder, 'old/node') })
    expect(unfit.status).toBe(2)
    expect(unfit.stderr).toContain('SPILLWAY_NODE')
  })

  test('a command goes on to its end when nobody reads any more what it says', async () => {
    const args = ['check', '-c', join(ROOT, 'config/minimal.yaml')]
    const child = spawn(join(ROOT, 'bin/spillway'), args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: oldNodePath } })
    child.stdout.destroy()
    child.stderr.destroy()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test.each([
    [[], 'which command?'],
    [['fly'], "unknown command 'fly'"],
    [['chekc'], "unknown command 'chekc'"],
    [['help', 'fly'], "unknown command 'fly'"],
    [['run'], "required option '-c, --config <FILE>' not specified"],
    [['check', '-c', 'x', 'y'], 'too many arguments'],
    [['check', '-c', 'x', '--colour'], "unknown option '--colour'"],
    [['run', '-c', 'x', '--once'], "unknown option '--once'"],
    [['check', '-c', 'x', '--seconds', '5'], '--seconds goes with check --live'],
    [['check', '-c', 'x', '--live', '--seconds', '0'], 'a whole number from 1 to 3600'],
    [['off'], "required option '-c, --config <FILE>' not specified"],
    [['explain'], "missing required argument 'prefix'"],
    [['status', '--url', 'ftp://x'], '--url "ftp://x" is not http://HOST:PORT'],
    [['status', '--url', 'http://x', '-c', 'y'], "cannot be used with option '--url"],
    [['run', '-c', 'no-such-file.yaml'], 'no-such-file.yaml'],
  ])('%j is wrong usage: exit 2 and one line that says why', (args, message) => {
    const { status, stderr } = run(join(ROOT, 'bin/spillway'), args)
    expect(status).toBe(2)
    expect(stderr.split('\n')[0]).toContain(message)
  })
})

describe('the package for others', () => {
  test('installs in an empty folder, carries compiled JavaScript, and runs', { timeout: 180_000 }, () => {
    const install = join(folder, 'install')
    mkdirSync(install)
    writeFileSync(join(install, 'package.json'), '{"private": true}\n')
    const npm = (cwd: string, ...args: string[]): string =>
      execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    const [packed] = JSON.parse(npm(ROOT, 'pack', '--json', '--pack-destination', folder)) as {
      filename: string
      files: { path: string }[]
    }[]
    const paths = packed!.files.map((f) => f.path)
    expect(paths).toContain('dist/main.js')
    expect(paths).toContain('dist/dashboard/index.html')
    expect(paths.filter((p) => /^dist\/dashboard\/page-\w+\.(js|css)$/.test(p))).toHaveLength(2)
    expect(paths.filter((p) => p.endsWith('.ts') || p.startsWith('test/'))).toEqual([])
    npm(install, 'install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, packed!.filename))
    const spillway = join(install, 'node_modules/.bin/spillway')
    expect(run(spillway, ['--version'])).toMatchObject({ status: 0, stdout: 'spillway 0.1.0\n' })
    const checked = run(spillway, ['check', '-c', join(install, 'node_modules/spillway/config/minimal.yaml')])
    expect(checked).toMatchObject({ status: 0, stdout: expect.stringContaining('high_watermark: 80') as string })
    // All modules that the service needs are in the package: it starts far enough to refuse the address.
    writeFileSync(join(install, 'taken.yaml'), minimalConfig())
    const started = run(spillway, ['run', '-c', join(install, 'taken.yaml')])
    expect(started.status).toBe(1)
    expect(started.stdout).toContain('cannot start')
  })
})

/** A configuration that is good but names an address that no machine has. */
function minimalConfig(): string {
  return `
sflow: { listen: "127.0.0.1:0" }
api: { listen: "192.0.2.1:8080" }
routers:
  - name: rtr1
    address: 127.0.0.2
    interfaces: [{ name: peer, ifindex: 1, address: 172.16.0.0/31 }]
`
}
