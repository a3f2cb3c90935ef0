import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { codeOf } from '../../errors.ts';

/** What is remembered of the runs' network, for the next orchestrator: its containers may outlive this one. */
export interface NetworkRecord {
  name: string;
  /** In CIDR notation. */
  subnets: string[];
  /** The engine's own address in it; null where it has none. */
  gateway: string | null;
  /** Port at the gateway by the node of Elasticsearch that it leads to. */
  ports: Record<string, number>;
}

const OWN_ONLY = 0o600;

/** Null where nothing was remembered, or nothing that can be read. */
export function readRecord(file: string): NetworkRecord | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as NetworkRecord;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

export function writeRecord(file: string, record: NetworkRecord): void {
  writeFileSync(file, `${JSON.stringify(record)}\n`, { mode: OWN_ONLY });
}

export function removeRecord(file: string): void {
  rmSync(file, { force: true });
}
