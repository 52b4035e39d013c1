import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const LAB = fileURLToPath(new URL('../../lab/', import.meta.url))

test('the lab judges the service from outside: it shares only nouns, daemons and words with it', () => {
  const imports = globSync('*.ts', { cwd: LAB }).flatMap((file) =>
    [...readFileSync(LAB + file, 'utf8').matchAll(/from '\.\.\/src\/([^/']+)/g)].map(([, room]) => room!))
  expect([...new Set(imports)].toSorted()).toEqual(['demo', 'model', 'process', 'simulator'])
})
