import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPresenter } from '../../src/demo/presenter.ts'
import { renderScreen, type Event, type Scene } from '../../src/demo/screen.ts'
import { createStory } from '../../src/demo/story.ts'
import { paint } from '../../src/process/styled-line.ts'
import { observed } from './observed.ts'

const steps = createStory().map(({ name }) => name)
const ESCAPE = '\u001B'
const events: Event[] = Array.from({ length: 20 }, (_, i) => ({
  atMs: i * 1000,
  kind: i % 2 === 0 ? 'tells' : 'passes',
  text: `event ${i} with a text that is longer than a narrow line`,
}))
const scene: Scene = {
  steps, step: 'rush', events, restBase: 'http://127.0.0.1:8080', token: 'a-token',
  now: observed({ level: 1, claimed: ['4.0.1.0/24'] }),
}

function textOf(one: Scene, columns: number, rows: number): string[] {
  return renderScreen(one, columns, rows).map((line) => paint(line, false))
}

const size = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max })

describe('the screen', () => {
  test('never exceeds the terminal', () => {
    const claimed = fc.array(fc.nat(255).map((i) => `4.0.${i}.0/24`), { maxLength: 30 })
    fc.assert(
      fc.property(size(1, 300), size(2, 60), claimed, (columns, rows, list) => {
        const now = observed({ level: 1, claimed: list, forwarded: [] })
        const lines = textOf({ ...scene, now }, columns, rows)
        expect(lines.length).toBeLessThan(rows)
        expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(columns)
      }),
    )
  })

  test('shows loads, marks, the detoured share, overrides, the latest event and where REST is', () => {
    const lines = textOf(scene, 120, 40)
    expect(lines[0]).toContain('RUSH')
    const peer = lines.find((line) => line.startsWith('peer'))!
    expect(peer).toMatch(/█+┊▒+│▒+·+ /)
    expect(peer).toContain('64.0 Mbps')
    expect(peer).toContain('natural  88.0')
    expect(lines.find((line) => line.startsWith('4.0.1.0/24'))).toContain('peer → transit')
    expect(lines.join('\n')).toContain('event 19')
    expect(lines.join('\n')).toContain('http://127.0.0.1:8080/api/v1/interfaces')
    expect(lines.join('\n')).toMatch(/^http:\/\/127\.0\.0\.1:8080\/ .*a-token$/m)
  })

  test('shades only what overrides keep away, not a natural load that is late', () => {
    const quiet = { ...scene.now!, overrides: [] }
    expect(textOf(scene, 80, 24).find((line) => line.startsWith('peer'))).toContain('▒')
    expect(textOf({ ...scene, now: quiet }, 80, 24).find((line) => line.startsWith('peer'))).not.toContain('▒')
  })

  test('begins the events with a whole one', () => {
    for (let rows = 20; rows < 30; rows++) {
      const lines = textOf(scene, 50, rows)
      const first = lines.find((line) => line.includes('▸ event') || line.includes('✔ event') || /^ {11}\S/.test(line))
      expect(first).toMatch(/^\d\d:\d\d:\d\d /)
    }
  })

  test('says what it can before the service answers', () => {
    const lines = textOf({ steps, step: undefined, now: undefined, events: [], restBase: undefined, token: '' }, 80, 24)
    expect(lines.join('\n')).toContain('no overrides')
  })
})

describe('the presenter', () => {
  function present(redraws: boolean, color: boolean): string {
    const out = Object.assign(new PassThrough(), { columns: 100, rows: 30 })
    const presenter = createPresenter({ out, redraws, color, steps })
    presenter.opens('http://127.0.0.1:8080', 'a-token')
    presenter.sees(scene.now!, createStory()[1]!)
    presenter.fails('the service ended\nits last words')
    presenter.closes()
    return String(out.read())
  }

  test('writes lines with their time where there is no terminal', () => {
    const text = present(false, false)
    expect(text).not.toContain(ESCAPE)
    expect(text).toMatch(/^\d\d:\d\d:\d\d ▸ the service speaks REST at http:\/\/127\.0\.0\.1:8080/)
    expect(text).toMatch(/→ relieve: peer would carry 88 %/)
    expect(text).toMatch(/peer 64\.0 Mbps \(natural 88\.0 Mbps\).*1 override\n/)
    expect(text).toContain('its last words')
  })

  test('redraws in place, gives the cursor back, and keeps the last words', () => {
    const text = present(true, false)
    const drawn = text.slice(0, text.indexOf(`${ESCAPE}[J`)).split('\n').length - 1
    expect(text).toContain(`${ESCAPE}[${drawn}A`)
    expect(text).toContain(`${ESCAPE}[?25l`)
    expect(text.endsWith(`${ESCAPE}[?25h`)).toBe(true)
    expect(text).toContain('its last words')
  })

  test('colors only when asked to', () => {
    expect(present(true, true)).toContain(`${ESCAPE}[1m`)
    expect(present(true, false)).not.toMatch(new RegExp(`${ESCAPE}\\[\\d+m`))
  })
})
