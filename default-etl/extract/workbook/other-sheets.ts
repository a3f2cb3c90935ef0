import { EtlFailure } from '../../contract/failure.ts';
import type { Extract } from '../../contract/settings.ts';
import type { Sheet } from './sheet.ts';
import { glanceAt, type Glance } from './table.ts';

/** More of them are not looked into. */
const MOST_SHEETS = 5;
const MOST_NAMED = 3;
/** A list of codes beside a table of ten times as many rows is no other table to be loaded. */
const SMALL_SHARE = 10;

/** What speaks against reading one sheet of a workbook alone. */
export interface Doubt {
  confidence: number;
  reason: string;
}

/**
 * Whether sheets that are not read hold tables, too: of the same columns, as where each month has its own, or of
 * others. undefined where they don't. Of each as much is looked at as of the one that is read; what is hidden, damaged
 * or far to reach is not.
 */
export async function otherTables(read: Sheet, others: readonly Sheet[], extract: Extract): Promise<Doubt | undefined> {
  const own = await glanceOf(read, extract);
  if (own === undefined) return undefined;
  const alike: string[] = [];
  const different: string[] = [];
  for (const sheet of others.filter(isWithinReach).slice(0, MOST_SHEETS)) {
    const glance = await glanceOf(sheet, extract);
    if (glance === undefined || !glance.isTable) continue;
    if (hasSameColumns(glance, own)) alike.push(sheet.name);
    else if (glance.rows * SMALL_SHARE >= own.rows) different.push(sheet.name);
  }
  if (alike.length > 0) {
    const reason = `${listed(alike)} ${alike.length === 1 ? 'has' : 'have'} the same columns and ${alike.length === 1 ? 'is' : 'are'} not loaded: EXTRACT.sheet: all loads every sheet, 0 the first alone`;
    return { confidence: 0.3, reason };
  }
  if (different.length === 0) return undefined;
  const verbs = different.length === 1 ? 'holds another table and is' : 'hold other tables and are';
  return {
    confidence: 0.5,
    reason: `${listed(different)} ${verbs} not loaded: name the sheet that is meant by EXTRACT.sheet`,
  };
}

function isWithinReach({ isHidden, isFar }: Sheet): boolean {
  return !isHidden && isFar !== true;
}

async function glanceOf(sheet: Sheet, extract: Extract): Promise<Glance | undefined> {
  try {
    return await glanceAt(sheet, extract);
  } catch (error) {
    if (error instanceof EtlFailure) return undefined;
    throw error;
  }
}

function hasSameColumns(one: Glance, other: Glance): boolean {
  const columnsOf = ({ names }: Glance) => names.map(name => name.trim().toUpperCase()).join('\n');
  return one.names.length > 0 && columnsOf(one) === columnsOf(other);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}
