import type { Clause, Rule } from './entry.ts';

const HEAD = `<!-- Made by \`node scripts/rules/main.ts --write\`; what is changed here is lost. -->
# The rules that keep the promise, and what holds them

Nothing is lost and nothing arrives twice, because thirteen rules are kept. Each clause below has code and a test. \`node scripts/rules/main.ts\` takes the
code of each out, in a copy, and sees that its test passes with the code and fails without it.
`;

/** orchestrator/RULES.md: every clause with its code and its test. */
export function renderDocument(rules: readonly Rule[]): string {
  return `${HEAD}${rules.map(renderRule).join('')}`;
}

function renderRule({ number, name, clauses }: Rule): string {
  const rows = clauses.map(renderClause).join('');
  return `\n## ${number}. ${name}\n\n| clause | code | test |\n|---|---|---|\n${rows}`;
}

function renderClause({ clause, file, test, suite, title }: Clause): string {
  return `| ${cell(clause)} | \`${file}\` | ${cell(title)} (\`${suite ?? test}\`) |\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
