// `node scripts/rules/main.ts [--json] [rule…]`: proves that the tests of the rules (all of them unless told) fail
// without the rules' code. `node scripts/rules/main.ts --write` makes orchestrator/RULES.md.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { bringUpServices, stopServices } from '../services/services.ts';
import { renderDocument } from './document.ts';
import { RULES } from './entries.ts';
import type { PlacedClause } from './entry.ts';
import { placeClauses } from './markers.ts';
import { isHeld, type Proof, proveRules } from './prove.ts';
import { makeScratch } from './scratch.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

async function main(words: string[]): Promise<number> {
  const clauses = placeClauses(root, RULES);
  if (words.includes('--write')) {
    writeFileSync(join(root, 'orchestrator/RULES.md'), renderDocument(RULES, clauses));
    return 0;
  }
  const numbers = words.filter(word => !word.startsWith('--'));
  const proofs = await prove(chosen(clauses, numbers));
  const text = words.includes('--json') ? JSON.stringify(proofs, null, 2) : tableOf(proofs);
  process.stdout.write(`${text}\n`);
  return proofs.every(isHeld) ? 0 : 1;
}

function chosen(clauses: readonly PlacedClause[], numbers: string[]): readonly PlacedClause[] {
  const unknown = numbers.find(number => !RULES.some(rule => String(rule.number) === number));
  if (unknown !== undefined) throw new Error(`${unknown} is not a rule; they are 1 to ${RULES.length}`);
  return numbers.length === 0 ? clauses : clauses.filter(({ rule }) => numbers.includes(String(rule)));
}

async function prove(clauses: readonly PlacedClause[]): Promise<Proof[]> {
  const { environment, started } = await bringUpServices(process.env);
  Object.assign(process.env, environment);
  const scratch = makeScratch(root);
  try {
    return await proveRules(clauses, scratch, tell);
  } finally {
    scratch.remove();
    await stopServices(started);
  }
}

function tell(proof: Proof): void {
  const mark = isHeld(proof) ? '✔' : '✖';
  process.stderr.write(
    `${mark} rule ${proof.rule}: ${proof.clause} (with: ${proof.with}, without: ${proof.without})\n`,
  );
}

function tableOf(proofs: readonly Proof[]): string {
  const table = new Table({
    head: ['rule', 'clause', 'code', 'test', 'with', 'without'],
    style: { head: [], border: [] },
  });
  for (const proof of proofs) {
    table.push([proof.rule, proof.clause, proof.file, `${proof.test}: ${proof.title}`, proof.with, proof.without]);
  }
  const held = proofs.filter(isHeld).length;
  return `${table.toString()}\n${held} of ${proofs.length} clauses are held by their tests`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`rules: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
