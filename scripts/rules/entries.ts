import { rule1 } from './entries/rule-1.ts';
import { rule2 } from './entries/rule-2.ts';
import { rule3 } from './entries/rule-3.ts';
import { rule4 } from './entries/rule-4.ts';
import { rule5 } from './entries/rule-5.ts';
import { rule6 } from './entries/rule-6.ts';
import { rule7 } from './entries/rule-7.ts';
import { rule8 } from './entries/rule-8.ts';
import { rule9 } from './entries/rule-9.ts';
import { rule10 } from './entries/rule-10.ts';
import { rule11 } from './entries/rule-11.ts';
import { rule12 } from './entries/rule-12.ts';
import { rule13 } from './entries/rule-13.ts';
import type { Rule } from './entry.ts';

/**
 * All thirteen. The code that holds a clause is marked by a comment that says it; what takes that code out, and the
 * test that sees it, stand here.
 */
export const RULES: readonly Rule[] = [
  rule1,
  rule2,
  rule3,
  rule4,
  rule5,
  rule6,
  rule7,
  rule8,
  rule9,
  rule10,
  rule11,
  rule12,
  rule13,
];
