/** What a place reads for itself, besides what is live: read again every few seconds while it is looked at. */
import { useEffect, useState } from 'preact/hooks'


export interface Reading<T> {
  /** The last that came. */
  readonly value: T | undefined
  /** Why nothing newer came. */
  readonly fault: string | undefined
}

/** `key` names what is read; a change of it begins anew. It is read again after `againMs`. */
export function useReading<T>(key: string, read: () => Promise<T>, againMs = 5_000): Reading<T> {
  const [reading, setReading] = useState<Reading<T>>({ value: undefined, fault: undefined })
  useEffect(() => {
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const again = async (): Promise<void> => {
      try {
        const value = await read()
        if (!over) setReading({ value, fault: undefined })
      } catch (error) {
        if (!over) setReading(({ value }) => ({ value, fault: (error as Error).message }))
      }
      if (!over) timer = setTimeout(() => void again(), againMs)
    }
    setReading({ value: undefined, fault: undefined })
    void again()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [key])
  return reading
}
