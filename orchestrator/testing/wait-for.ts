interface WaitOptions {
  timeoutMs?: number;
  /** What was seen last, for the message of the failure. */
  tell?: () => unknown;
}

/** Looks every 10 ms until `isSo`. Fails after `timeoutMs` (60 s), saying what was waited for and what `tell` saw last. */
export async function waitFor(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { timeoutMs = 60_000, tell }: WaitOptions = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      const seen = await tell?.();
      const last = typeof seen === 'string' || seen === undefined ? (seen ?? '') : JSON.stringify(seen, null, 1);
      throw new Error(`waited ${timeoutMs} ms in vain: ${what}${last && `\nseen last: ${last}`}`);
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
