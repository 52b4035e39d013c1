/** `npm run lab`: checks the machine, then lets the lab play in namespaces that end with this process. */
import { thisMachine } from '../src/demo/ensure-gobgpd.ts'
import { encloseLab } from './enclosure.ts'
import { ensurePackages } from './ensure-packages.ts'
import { readOptions, USAGE } from './options.ts'
import { say, sayFailure } from './say.ts'

/** Ctrl-C, a polite kill, and a terminal that was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`)
    return 0
  }
  let keep: boolean
  try {
    keep = readOptions(args).keep
  } catch (error) {
    process.stderr.write(`lab: ${(error as Error).message}\n\n${USAGE}\n`)
    return 2
  }
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    process.stderr.write('lab: needs Linux and root, for network namespaces\n')
    return 2
  }
  try {
    await ensurePackages(thisMachine(), say)
  } catch (error) {
    sayFailure((error as Error).message)
    return 1
  }
  const enclosed = encloseLab(args)
  let interrupted: NodeJS.Signals | undefined
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      interrupted = signal
      enclosed.end()
    })
  }
  const code = await enclosed.ended
  if (interrupted === undefined) return code
  say(`ended by ${interrupted}; nothing is left of it`)
  return keep ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
