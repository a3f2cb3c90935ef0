import type { PlacedClause, Rule } from './entry.ts';

const HEAD = `<!-- Made by \`node scripts/rules/main.ts --write\`; what is changed here is lost. -->
# The rules that keep the promise, and what holds them

Nothing is lost and nothing arrives twice, because thirteen rules are kept. Each clause below has code, marked
by a comment (\`// rule 4: a retry keeps its VERSION\`), and a test. \`node scripts/rules/main.ts\` takes the code of each
out, in a copy, and sees that its test passes with the code and fails without it.
`;

/** orchestrator/RULES.md: every clause with its code and its test. */
export function renderDocument(rules: readonly Rule[], placed: readonly PlacedClause[]): string {
  return `${HEAD}${rules.map(rule => renderRule(rule, placed)).join('')}`;
}

function renderRule({ number, name }: Rule, placed: readonly PlacedClause[]): string {
  const rows = placed.filter(({ rule }) => rule === number).map(renderClause);
  return `\n## ${number}. ${name}\n\n| clause | code | test |\n|---|---|---|\n${rows.join('')}`;
}

function renderClause({ clause, file, titled, title }: PlacedClause): string {
  return `| ${cell(clause)} | \`${file}\` | ${cell(title)} (\`${titled}\`) |\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
