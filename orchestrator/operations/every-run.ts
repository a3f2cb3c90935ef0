import type { Run, RunPage } from '../journal/journal.ts';

/** What is read page after page: where a page begins, and how much it holds. */
export interface PageOf {
  cursor?: string;
  limit: number;
}

const LIMIT = 1000;

/** The runs of all pages in their order, however many there are. */
export async function* everyRun(read: (page: PageOf) => Promise<RunPage>): AsyncGenerator<Run> {
  let cursor: string | null = null;
  do {
    const page: RunPage = await read({ limit: LIMIT, ...(cursor === null ? {} : { cursor }) });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}
