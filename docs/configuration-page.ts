/** docs/configuration.md, from the schema that checks configurations. */
import { z } from 'zod'
import { configSchema } from '../src/config/schema.ts'
import { markdownTable } from './markdown-table.ts'

export function renderConfigurationPage(): string {
  return `# Configuration

One file of YAML. [config/minimal.yaml](../config/minimal.yaml) is the least that works,
[config/spillway.yaml](../config/spillway.yaml) has every key. \`spillway check -c FILE\` names every fault with line and
column, and prints the configuration with the value of each key; an unknown key is a fault.

Rates take \`bps\`, \`kbps\`, \`Mbps\`, \`Gbps\`, \`Tbps\` or a bare number of bit/s; durations \`ms\`, \`s\`, \`m\`, \`h\`; sizes
\`KiB\`, \`MiB\`, \`GiB\` or a bare number of bytes. \`\${NAME}\` reads the environment, \`$\${\` is a literal \`\${\`. The service reads
the file again on SIGHUP, and refuses one with faults without stopping; \`state_directory\` cannot change then.

(This page is made by \`npm run docs\`.)

${renderSections(readSection('', 'the file', configSchema)).join('\n\n')}
`
}

interface Section {
  /** Where its keys stand; empty for the file itself. */
  readonly path: string
  readonly meaning: string
  readonly keys: readonly Key[]
  readonly inner: readonly Section[]
}

interface Key {
  readonly name: string
  readonly kind: string
  readonly otherwise: string
  readonly meaning: string
}

function renderSections({ path, meaning, keys, inner }: Section): string[] {
  const title = path === '' ? '## At the top' : `## \`${path}\`: ${meaning}`
  const table = markdownTable(
    ['key', 'value', 'default', 'meaning'],
    keys.map(({ name, kind, otherwise, meaning: what }) => [`\`${name}\``, kind, otherwise, what]),
  )
  return [`${title}\n\n${table}`, ...inner.flatMap(renderSections)]
}

function readSection(path: string, meaning: string, schema: z.ZodObject): Section {
  const keys: Key[] = []
  const inner: Section[] = []
  for (const [name, value] of Object.entries(schema.shape)) {
    const { core, ...told } = unwrap(name, value as z.ZodType)
    const where = path === '' ? name : `${path}.${name}`
    // Small ones are told in one cell, as lengths are.
    if (core instanceof z.ZodObject && told.otherwise === '{}' && hasPlainDefaults(core)) {
      keys.push({ name, kind: keysOf(core), otherwise: defaultsOf(core), meaning: told.meaning })
    } else if (core instanceof z.ZodObject) inner.push(readSection(where, told.meaning, core))
    else if (core instanceof z.ZodArray && core.element instanceof z.ZodObject) {
      inner.push(readSection(`${where}[]`, told.meaning, core.element))
    } else keys.push({ name, ...told })
  }
  return { path, meaning, keys, inner }
}

/** A schema without what is wrapped around it, and what its wrappings tell. Throws where a key tells nothing. */
function unwrap(name: string, schema: z.ZodType): Omit<Key, 'name'> & { readonly core: z.ZodType } {
  let core = schema
  let kind = metaOf(schema, 'kind')
  let meaning = metaOf(schema, 'description')
  let words = metaOf(schema, 'otherwise')
  let value: unknown
  let isOptional = false
  while (core instanceof z.ZodPrefault || core instanceof z.ZodDefault || core instanceof z.ZodOptional) {
    if (core instanceof z.ZodOptional) isOptional = true
    else value = core.def.defaultValue
    core = core.unwrap() as z.ZodType
    kind ??= metaOf(core, 'kind')
    meaning ??= metaOf(core, 'description')
    words ??= metaOf(core, 'otherwise')
  }
  if (core instanceof z.ZodEnum) kind ??= core.options.map((one) => `\`${one}\``).join(' or ')
  else if (core instanceof z.ZodArray) kind ??= `list of: ${metaOf(core.element as z.ZodType, 'kind') ?? ''}`
  if (meaning === undefined) throw new Error(`the key ${name} of the configuration has no description: give it one in its schema`)
  const otherwise = words ?? (value === undefined ? (isOptional ? 'none' : '**required**') : textOf(value))
  return { core, kind: kind ?? '', meaning, otherwise }
}

function metaOf(schema: z.ZodType, name: string): string | undefined {
  return schema.meta()?.[name] as string | undefined
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === '{}' ? text : text === '[]' ? 'none' : `\`${text}\``
}

/** An object of a few keys of one kind, each with its default. */
function hasPlainDefaults(object: z.ZodObject): boolean {
  return Object.values(object.shape).every((one) => one instanceof z.ZodDefault && metaOf(one, 'description') === undefined)
}

function keysOf(object: z.ZodObject): string {
  return Object.entries(object.shape)
    .map(([name, one]) => `\`${name}\`: ${metaOf((one as z.ZodDefault).unwrap() as z.ZodType, 'kind') ?? ''}`)
    .join('; ')
}

function defaultsOf(object: z.ZodObject): string {
  const pairs = Object.entries(object.shape).map(([name, one]) => `${name}: ${String((one as z.ZodDefault).def.defaultValue)}`)
  return `\`{ ${pairs.join(', ')} }\``
}
