/** `${NAME}` in a configuration value reads the environment; `$${` stands for a literal `${`. */

const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g

export type Environment = Readonly<Record<string, string | undefined>>

/** The text with its references replaced; throws RangeError that names a variable that is not set. */
export function substituteEnvironment(text: string, env: Environment): string {
  return text.replace(REFERENCE, (reference: string, name: string | undefined) => {
    if (reference === '$${') return '${'
    if (name === undefined || !/^[A-Za-z_]\w*$/.test(name) || !reference.endsWith('}')) {
      const message = 'is no reference to the environment: write ${NAME}, or $${ for a literal ${'
      throw new RangeError(`"${reference}" ${message}`)
    }
    const value = env[name]
    if (value === undefined) throw new RangeError(`environment variable ${name} is not set`)
    return value
  })
}

/** The text as it must be written so that substituteEnvironment gives it back. */
export function escapeReferences(text: string): string {
  return text.replaceAll('${', () => '$${')
}
