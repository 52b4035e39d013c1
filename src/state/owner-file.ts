/**
 * Who a service is, from one start to the next: a name that it keeps in a file, for one process at a time.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs'
import { messageOf } from '../model/error-message.ts'

export interface Owner {
  /** 16 hex digits. */
  readonly name: string
  /** Why the file does not say that it is this process's; undefined when it does. */
  readonly unkept: string | undefined
}

interface Record {
  readonly owner: string
  readonly process: ProcessIdentity
}

/** A process id alone may be given to another process. */
interface ProcessIdentity {
  readonly pid: number
  /** Ticks after boot, /proc/PID/stat field 22 (proc_pid_stat(5)). */
  readonly started: string
  readonly boot: string
  /** A process of another PID namespace cannot be looked for. */
  readonly namespace: string
}

/**
 * The owner that the file names, or a new one, now this process's. Throws when another process that lives has
 * it. A file that cannot be read costs the name, nothing else; one that cannot be written, as on a full disk,
 * not even that when it names an owner already.
 */
export function takeOwner(file: string): Owner {
  let name = randomBytes(8).toString('hex')
  try {
    const before = readRecord(file)
    if (before !== undefined && isAlive(before.process) && before.process.pid !== process.pid) {
      throw new OwnerTaken(
        `process ${before.process.pid} runs with this configuration already (${file} says so): ` +
          'stop it first, or give this one a configuration file or state_directory of its own',
      )
    }
    name = before?.owner ?? name
    writeFileSync(`${file}.new`, `${JSON.stringify({ owner: name, process: identify(process.pid) })}\n`)
    renameSync(`${file}.new`, file)
    return { name, unkept: undefined }
  } catch (error) {
    if (error instanceof OwnerTaken) throw error
    return { name, unkept: messageOf(error) }
  }
}

/** The name in the file; undefined when there is none. */
export function readOwner(file: string): string | undefined {
  try {
    return readRecord(file)?.owner
  } catch {
    return undefined
  }
}

class OwnerTaken extends Error {}

function readRecord(file: string): Record | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { owner, process: by } = JSON.parse(text) as Partial<Record>
    const isName = typeof owner === 'string' && /^[0-9a-f]{16}$/.test(owner)
    if (isName && typeof by?.pid === 'number') return { owner, process: by }
  } catch {
    // As below.
  }
  // Damaged: whoever it named, this process starts as another.
  return undefined
}

function isAlive({ pid, started, boot, namespace }: ProcessIdentity): boolean {
  try {
    const now = identify(pid)
    return now.started === started && now.boot === boot && now.namespace === namespace
  } catch {
    return false
  }
}

/** Throws when there is no such process. */
function identify(pid: number): ProcessIdentity {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the command in parentheses, and may hold anything.
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return { pid, started, boot, namespace: readlinkSync('/proc/self/ns/pid') }
}
