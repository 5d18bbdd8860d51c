// Compares paths as text; no file system is asked. Pure.

/** The directory itself, or what lies below it. `/` is the root of a container, the empty path that of a volume. */
export function isWithin(path: string, directory: string): boolean {
  return directory === '' || directory === '/' || path === directory || path.startsWith(`${directory}/`)
}
