/** Whether these tests are run by root. */
export const isRoot = process.getuid?.() === 0;

/** Options of a test that only root can run: for others it is skipped, and the summary says so. */
export const asRoot = { skip: !isRoot && 'only root can be other users, too' };
