/** The virtual machines, as far as they can be judged without starting them. */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', env: { ...process.env, PATH, ...env } })
const has = (command: string): boolean => run('sh', ['-c', `command -v ${command}`]).status === 0

test('shellcheck finds nothing in the provisioning scripts, nor in those that they call', ({ skip }) => {
  skip(!has('shellcheck'), 'shellcheck is missing: apt-get install shellcheck')
  const scripts = globSync('vagrant/provision/*.sh', { cwd: ROOT })
  expect(scripts.length).toBeGreaterThan(3)
  const { stdout } = run('shellcheck', ['-x', ...scripts, 'bin/spillway', 'lab/run', 'test/run'])
  expect(stdout).toBe('')
})

test('vagrant finds the Vagrantfile valid, with all five machines', { timeout: 60_000 }, ({ skip }) => {
  skip(!has('vagrant'), 'vagrant is missing: apt-get install vagrant')
  const home = mkdtempSync(join(tmpdir(), 'spillway-vagrant-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const env = { HOME: home, VAGRANT_HOME: home, VAGRANT_CWD: join(ROOT, 'vagrant'), VAGRANT_DOTFILE_PATH: join(home, 'dot') }
  // No provider is installed here.
  const { status, stdout, stderr } = run('vagrant', ['validate', '--ignore-provider'], env)
  expect({ status, stderr }).toMatchObject({ status: 0 })
  for (const machine of ['router', 'isp1', 'isp2', 'server', 'controller']) expect(stdout).toContain(`==> ${machine}:`)
  expect(stdout).toContain('validated successfully')
})

const canUnshare = process.getuid?.() === 0 && run('unshare', ['--net', '--mount', 'true']).status === 0

/** The wires that the Vagrantfile makes, in namespaces, with cards of any name; and what wire.sh makes of them. */
const WIRED = `
set -eu
mount -t tmpfs none /run
ip link set lo up
for machine in router isp1 isp2 server controller; do ip netns add $machine; done
i=0
grep -v '^#' vagrant/files/wires | paste - - | while read -r a mac_a name_a _ index b mac_b _; do
  i=$((i + 1))
  ip link add card$i address $mac_a index $((index + SHIFT)) netns $a type veth peer name port$i address $mac_b netns $b
done
for machine in router isp1 isp2 server controller; do
  for time in once again; do ip netns exec $machine vagrant/provision/wire.sh $machine vagrant/files; done
done
ip -n router -br -4 address | awk '{ sub(/@.*/, "", $1); print $1, $3 }'
ip -n server route get 1.0.0.1
ip -n router -br -6 address show scope global | awk '{ sub(/@.*/, "", $1); print $1, $3 }'
ip -n server route get 2a00:1::1
ip -n isp1 route show type blackhole
ip -n isp1 -6 route show type blackhole
ip -n controller route get 10.1.4.1
ip netns exec router cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
ip netns exec router nft list ruleset
`

describe('wire.sh, in namespaces with the wires of the Vagrantfile', () => {
  const wire = (shift: number) =>
    run('unshare', ['--net', '--mount', 'sh', '-c', WIRED], { SHIFT: String(shift) })

  test('names and addresses, forwarding, sampling, the ways to and from the server; twice is as good as once', ({ skip }) => {
    skip(!canUnshare, 'needs root and namespaces')
    const { status, stdout, stderr } = wire(0)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('swp1 172.16.0.1/31\nswp2 172.17.0.1/31\nswp3 10.1.5.1/24\nswp4 10.1.4.1/24\n')
    expect(stdout).toMatch(/^1\.0\.0\.1 via 10\.1\.5\.1 dev eth1/m)
    expect(stdout).toContain('swp1 2001:db8:1::1/64\nswp2 2001:db8:2::1/64\nswp3 2001:db8:3::1/64\n')
    expect(stdout).toMatch(/^2a00:1::1 .*via 2001:db8:3::1 dev eth1/m)
    expect(stdout.match(/^blackhole \d\.0\.0\.0\/24/gm)).toHaveLength(4)
    expect(stdout.match(/^blackhole 2a00:\d::\/48/gm)).toHaveLength(4)
    expect(stdout).toMatch(/^10\.1\.4\.1 dev eth1 src 10\.1\.4\.100/m)
    expect(stdout).toMatch(/^1\n1$/m)
    expect(stdout.match(/numgen random mod 5 < 1 log group 5/g)).toHaveLength(1)
  })

  test('an ifIndex that is another one is told', ({ skip }) => {
    skip(!canUnshare, 'needs root and namespaces')
    expect(wire(10).stderr).toContain('swp1 has ifIndex 13 here, and not 3: say so in /etc/spillway/spillway.yaml')
  })
})
