import { type Batch, emptyBatch, type Reader } from '../batch/batch.ts';
import type { Decision } from '../contract/protocol.ts';
import { neverFailure } from '../contract/failure.ts';
import type { Source } from '../unpack/source.ts';
import { MemorySource } from '../unpack/memory-source.ts';
import { StreamSource } from '../unpack/stream-source.ts';
import { chooseMembers } from './archive/member-choice.ts';
import type { ZipEntry } from './archive/zip.ts';

/** Members up to this size, packed and unpacked, are unpacked at once. */
const SMALL_BYTES = 1 << 20;

export interface ArchiveOptions {
  source: Source;
  entries: readonly ZipEntry[];
  /** EXTRACT.members. */
  wanted: string | readonly string[] | undefined;
  openMember: (member: Source, fileName: string) => Promise<Reader>;
}

interface Member {
  name: string;
  reader: Reader;
}

/** The tables of an archive, one after the other, their rows numbered on. Throws EtlFailure 65 where there is none. */
export async function openArchive({ source, entries, wanted, openMember }: ArchiveOptions): Promise<Reader> {
  const { chosen, skipped, decisions } = chooseMembers(entries, wanted);
  if (chosen.length === 0) throw nothingFits(source, skipped, wanted);
  const members: Member[] = [];
  const sources = new MemberSources(source);
  for (const entry of chosen) {
    members.push({ name: entry.name, reader: await openMember(sources.sourceOf(entry), entry.name) });
  }
  return {
    decisions: [
      { name: 'compression', value: 'zip', confidence: 1, reason: 'by its first bytes' },
      ...decisions,
      ...joinDecisions(members, ({ reader }) => reader.decisions),
    ],
    columnsVary: members.length > 1 || members.some(member => member.reader.columnsVary),
    maxRows: members.reduce((sum, { reader }) => sum + reader.maxRows, 0),
    emptyHeader: () => members.find(({ reader }) => reader.emptyHeader)?.reader.emptyHeader?.() ?? emptyBatch([]),
    findings: () => joinDecisions(members, ({ reader }) => reader.findings?.() ?? []),
    batches: () => batchesOf(members),
  };
}

/**
 * Opens members as sources: large ones as streams, small ones in memory, of which that read last is kept, since it is
 * looked at several times.
 */
class MemberSources {
  private readonly archive: Source;
  private last: { entry: ZipEntry; content: Promise<Buffer> } | undefined;

  constructor(archive: Source) {
    this.archive = archive;
  }

  sourceOf(entry: ZipEntry): Source {
    const { sizeBytes, compressedBytes, offset } = entry;
    const known = { path: `${this.archive.path} > ${entry.name}`, sizeBytes, within: this.archive };
    return Math.max(sizeBytes, compressedBytes) > SMALL_BYTES
      ? new StreamSource({ ...known, open: async () => await entry.stream() })
      : new MemorySource({
          ...known,
          endsAt: offset + compressedBytes,
          load: async () => await this.contentOf(entry),
        });
  }

  private async contentOf(entry: ZipEntry): Promise<Buffer> {
    if (this.last?.entry !== entry) this.last = { entry, content: entry.content() };
    return await this.last.content;
  }
}

async function* batchesOf(members: readonly Member[]): AsyncGenerator<Batch> {
  let before = 0;
  for (const { name, reader } of members) {
    let count = 0;
    for await (const batch of reader.batches()) {
      count += batch.rows + batch.rejects.length;
      yield before === 0 && members.length === 1 ? batch : numberedOn(batch, before, name);
    }
    // rule 3: and across the members of an archive
    before += count;
  }
}

/** Row numbers are of the whole file; lines are those of the member, which the reason names. */
function numberedOn(batch: Batch, before: number, member: string): Batch {
  return {
    ...batch,
    numbers: batch.numbers.map(number => number + before),
    rejects: batch.rejects.map(reject => ({
      ...reject,
      row: reject.row + before,
      reason: `${reject.reason} (in ${member})`,
    })),
  };
}

/** What was decided alike about every member once, the rest by member. */
function joinDecisions(members: readonly Member[], of: (member: Member) => readonly Decision[]): Decision[] {
  const decided = members.map(member => ({ member: member.name, decisions: of(member) }));
  if (decided.length === 1) return [...(decided[0]?.decisions ?? [])];
  const names = new Set(decided.flatMap(({ decisions }) => decisions.map(decision => decision.name)));
  return [...names].map(name => joinDecision(name, decided));
}

function joinDecision(
  name: string,
  members: ReadonlyArray<{ member: string; decisions: readonly Decision[] }>,
): Decision {
  const found = members.flatMap(({ member, decisions }) => {
    const decision = decisions.find(candidate => candidate.name === name);
    return decision ? [{ member, decision }] : [];
  });
  const confidence = Math.min(...found.map(({ decision }) => decision.confidence));
  const values = new Set(found.map(({ decision }) => JSON.stringify(decision.value)));
  if (found.length === members.length && values.size === 1)
    return { ...(found[0] as { decision: Decision }).decision, confidence };
  const value = Object.fromEntries(found.map(({ member, decision }) => [member, decision.value]));
  const [first] = found;
  return { name, value, confidence, reason: `by member; in ${first?.member}: ${first?.decision.reason}` };
}

function nothingFits(source: Source, skipped: readonly string[], wanted: ArchiveOptions['wanted']): Error {
  const there = skipped.length === 0 ? 'no file at all' : skipped.slice(0, 20).join(', ');
  if (wanted !== undefined)
    return neverFailure(
      `${source.path}: EXTRACT.members ${[wanted].flat().join(', ')} fits no member; it holds ${there}`,
    );
  return neverFailure(
    `${source.path} is an archive without a table; it holds ${there}; name what is one by EXTRACT.members`,
  );
}
