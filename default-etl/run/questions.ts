import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { EXIT, type Reject } from '../contract/protocol.ts';
import { withConnections } from '../contract/connections.ts';
import { configFailure, EtlFailure, messageOf, neverFailure } from '../contract/failure.ts';
import { type Environment, readJob } from '../contract/settings.ts';

/** Of these rows a preview shows what would become, unless `--rows` says otherwise. */
const PREVIEW_ROWS = 20;

/**
 * Answers `--preview`, `--rejects`, `--mend` and `--check-module` on stdout, and says on stderr why it can't. Returns
 * the exit code. Nothing is loaded.
 */
export async function answer(words: readonly string[], env: Environment, signal: AbortSignal): Promise<number> {
  try {
    if (words.includes('--preview')) await preview(words, env, signal);
    else if (words.includes('--rejects')) await exportRejects(words);
    else if (words.includes('--check-module')) await checkModule(words);
    else await importMended(words);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof EtlFailure)) process.stderr.write(`${(error as Error).stack}\n`);
    // Whoever asks shows the last line.
    process.stderr.write(`${messageOf(error)}\n`);
    return error instanceof EtlFailure ? error.exitCode : 1;
  }
}

async function preview(words: readonly string[], env: Environment, signal: AbortSignal): Promise<void> {
  const { previewFile } = await import('./preview.ts');
  const folder = mkdtempSync(join(tmpdir(), 'preview-'));
  try {
    const job = readJob(withConnections(env), fileOf(words), Date.now());
    const message = await previewFile(job, { rows: rowsOf(words), folder, signal });
    await write(`${JSON.stringify(message)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Says nothing of one that can be imported. */
async function checkModule(words: readonly string[]): Promise<void> {
  const { importStep } = await import('../transform/module.ts');
  const file = fileOf(words);
  await importStep(resolve(file), valueOf(words, '--name') ?? file);
}

async function exportRejects(words: readonly string[]): Promise<void> {
  const [{ writeRejects }, { readTable }] = await Promise.all([
    import('../mend/write-rejects.ts'),
    import('../mend/table.ts'),
  ]);
  for await (const part of writeRejects(readRejects(), readTable(valueOf(words, '--table')))) await write(part);
}

async function* readRejects(): AsyncGenerator<Reject> {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== '') yield JSON.parse(line) as Reject;
  }
}

async function importMended(words: readonly string[]): Promise<void> {
  const [{ readMended }, { readTable }] = await Promise.all([
    import('../mend/read-mended.ts'),
    import('../mend/table.ts'),
  ]);
  const file = fileOf(words);
  const name = valueOf(words, '--name') ?? basename(file);
  const mended = readMended(readBytes(file), name, readTable(valueOf(words, '--table')));
  for await (const row of mended) await write(`${JSON.stringify(row)}\n`);
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw neverFailure(`${file} can't be read: ${messageOf(error)}`, error);
  }
}

function fileOf(words: readonly string[]): string {
  const file = words.find(word => !word.startsWith('-'));
  if (file !== undefined) return file;
  throw configFailure('no file is named; see --help');
}

function rowsOf(words: readonly string[]): number {
  const text = valueOf(words, '--rows');
  const rows = Number(text ?? PREVIEW_ROWS);
  if (Number.isSafeInteger(rows) && rows >= 0) return rows;
  throw configFailure(`--rows=${text} is not a whole number from 0`);
}

/** Of `--name=value`. */
function valueOf(words: readonly string[], name: string): string | undefined {
  return words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Whoever reads may be slower. */
async function write(part: string | Buffer): Promise<void> {
  if (!process.stdout.write(part)) await once(process.stdout, 'drain');
}
