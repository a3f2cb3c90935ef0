// A rule of the linter: every import of ours is one that scripts/lint/layers.ts allows.
import { posix, relative, sep } from 'node:path';
import { importMistake, isTest, LAYERS } from './layers.ts';

interface Node {
  source?: (Node & { value?: unknown }) | null;
}

interface Context {
  cwd: string;
  filename: string;
  report(problem: { node: Node; message: string }): void;
}

const layers = {
  create(context: Context) {
    const module = relative(context.cwd, context.filename).split(sep).join('/');
    const look = ({ source }: Node) => {
      if (typeof source?.value !== 'string' || !source.value.startsWith('.')) return;
      const message = importMistake(module, posix.join(posix.dirname(module), source.value), LAYERS);
      if (message !== null) context.report({ node: source, message });
    };
    if (isTest(module)) return {};
    return {
      ImportDeclaration: look,
      ExportNamedDeclaration: look,
      ExportAllDeclaration: look,
      ImportExpression: look,
      TSImportType: look,
    };
  },
};

// The linter asks for a default export.
// oxlint-disable-next-line import/no-default-export
export default { meta: { name: 'house' }, rules: { layers } };
