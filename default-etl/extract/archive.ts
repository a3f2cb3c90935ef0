import { type Batch, emptyBatch, type Reader } from '../batch.ts';
import type { Decision } from '../contract.ts';
import { neverFailure } from '../failure.ts';
import type { Source } from '../source.ts';
import { StreamSource } from '../unpack/stream-source.ts';
import { chooseMembers } from './archive/member-choice.ts';
import type { ZipEntry } from './archive/zip.ts';

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
  for (const entry of chosen) {
    members.push({ name: entry.name, reader: await openMember(memberSource(source, entry), entry.name) });
  }
  return {
    decisions: [
      { name: 'compression', value: 'zip', confidence: 1, reason: 'by its first bytes' },
      ...decisions,
      ...joinDecisions(members),
    ],
    columnsVary: members.length > 1 || members.some(member => member.reader.columnsVary),
    maxRows: members.reduce((sum, { reader }) => sum + reader.maxRows, 0),
    emptyHeader: () => members.find(({ reader }) => reader.emptyHeader)?.reader.emptyHeader?.() ?? emptyBatch([]),
    batches: () => batchesOf(members),
  };
}

function memberSource(source: Source, entry: ZipEntry): Source {
  return new StreamSource({
    path: `${source.path} > ${entry.name}`,
    sizeBytes: entry.sizeBytes,
    within: source,
    open: async () => await entry.stream(),
  });
}

async function* batchesOf(members: readonly Member[]): AsyncGenerator<Batch> {
  let before = 0;
  for (const { name, reader } of members) {
    let count = 0;
    for await (const batch of reader.batches()) {
      count += batch.rows + batch.rejects.length;
      yield before === 0 && members.length === 1 ? batch : numberedOn(batch, before, name);
    }
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
function joinDecisions(members: readonly Member[]): Decision[] {
  if (members.length === 1) return (members[0] as Member).reader.decisions;
  const names = new Set(members.flatMap(({ reader }) => reader.decisions.map(decision => decision.name)));
  return [...names].map(name => joinDecision(name, members));
}

function joinDecision(name: string, members: readonly Member[]): Decision {
  const found = members.flatMap(({ name: member, reader }) => {
    const decision = reader.decisions.find(candidate => candidate.name === name);
    return decision ? [{ member, decision }] : [];
  });
  const confidence = Math.min(...found.map(({ decision }) => decision.confidence));
  const values = new Set(found.map(({ decision }) => JSON.stringify(decision.value)));
  if (found.length === members.length && values.size === 1)
    return { ...(found[0] as { decision: Decision }).decision, confidence };
  const value = Object.fromEntries(found.map(({ member, decision }) => [member, decision.value]));
  return { name, value, confidence, reason: 'by member' };
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
