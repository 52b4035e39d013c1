import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load-config.ts'
import { statePath } from '../../src/state/state-path.ts'

const ROUTERS = 'routers: [ { name: r, address: 10.0.0.1, interfaces: [ { name: i, ifindex: 1 } ] } ]'

test.each([
  ['', '/etc/spillway/a.yaml', '/etc/spillway/a.yaml.mode'],
  ['state_directory: /var/lib/spillway', '/etc/spillway/a.yaml', '/var/lib/spillway/a.yaml.mode'],
  ['state_directory: state', '/etc/spillway/a.yaml', '/etc/spillway/state/a.yaml.mode'],
])('%j keeps the mode of %s in %s', (line, file, path) => {
  expect(statePath(parseConfig(`${line}\n${ROUTERS}`, file, {}), file, 'mode')).toBe(path)
})

test('an empty state_directory is a fault', () => {
  expect(() => parseConfig(`state_directory: ""\n${ROUTERS}`, 'f', {})).toThrow('must be the path of a directory')
})
