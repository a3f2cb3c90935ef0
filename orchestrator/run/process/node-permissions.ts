/**
 * Node's own bounds for a program of ours, within those of the system: it starts no other program, loads nothing
 * native, and opens nothing but these files and folders (absolute). What may be written may be read.
 */
export function nodePermissions({ read, written }: Record<'read' | 'written', readonly string[]>): string[] {
  return [
    '--permission',
    ...[...read, ...written].map(path => `--allow-fs-read=${path}`),
    ...written.map(path => `--allow-fs-write=${path}`),
  ];
}
