/** The disk is too full, for people. */
export function lowDiskText(path: string, freeBytes: number, floorBytes: number): string {
  return `${path} has ${megabytes(freeBytes)} free, less than MIN_FREE (${megabytes(floorBytes)}): free some space`;
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1_000_000)} MB`;
}
