/** Who still needs the bytes of a batch. Whoever never gives its share back only keeps them from being used again. */
export class SharedBuffer {
  private holders = 0;
  private readonly onFree: () => void;

  /** `onFree` is called when the last holder lets go. */
  constructor(onFree: () => void) {
    this.onFree = onFree;
  }

  hold(): void {
    this.holders++;
  }

  release(): void {
    this.holders--;
    if (this.holders === 0) this.onFree();
  }
}
