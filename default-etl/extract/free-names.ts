/** Names of columns that are no one else's: one that is taken gets a number, as a repeated header of a CSV does. */
export class FreeNames {
  private readonly taken = new Set<string>();
  /** The number to begin with, by name: without it the hundred-thousandth of one name would be looked for from 1. */
  private readonly next = new Map<string, number>();

  /** A name that take() may take. */
  free(wanted: string): string {
    let name = wanted;
    let count = this.next.get(wanted) ?? 1;
    for (; this.taken.has(name); count++) name = `${wanted}.${count}`;
    this.next.set(wanted, Math.max(1, count - 1));
    return name;
  }

  take(name: string): void {
    this.taken.add(name);
  }
}
