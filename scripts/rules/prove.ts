import type { PlacedClause } from './entry.ts';
import { runTest, type TestOutcome } from './run-test.ts';
import type { Scratch } from './scratch.ts';

/** What was found of one clause. */
export interface Proof {
  rule: number;
  clause: string;
  file: string;
  test: string;
  title: string;
  /** With the code. */
  with: TestOutcome;
  /** With the code taken out. */
  without: TestOutcome;
}

/** Whether the clause is held: the test passes with its code and fails without it. */
export function isHeld(proof: Proof): boolean {
  return proof.with === 'passed' && proof.without === 'failed';
}

/** Runs each clause's test with and without its code, one after the other. Tells each as soon as it is known. */
export async function proveRules(
  clauses: readonly PlacedClause[],
  scratch: Scratch,
  onProof: (proof: Proof) => void,
): Promise<Proof[]> {
  const untouched = new Map<string, Promise<TestOutcome>>();
  const proofs: Proof[] = [];
  for (const clause of clauses) {
    const proof = await proveClause(clause, scratch, untouched);
    onProof(proof);
    proofs.push(proof);
  }
  return proofs;
}

async function proveClause(
  clause: PlacedClause,
  scratch: Scratch,
  untouched: Map<string, Promise<TestOutcome>>,
): Promise<Proof> {
  const key = `${clause.test} ${clause.title}`;
  const passing = untouched.get(key) ?? runTest(clause, scratch);
  untouched.set(key, passing);
  const { rule, clause: text, file, test, title } = clause;
  const outcome = { with: await passing, without: await scratch.without(clause, () => runTest(clause, scratch)) };
  return { rule, clause: text, file, test, title, ...outcome };
}
