import { visible } from '../log/visible.ts';
import type { Terminal } from './deps.ts';

/** The colours of ours and of cli-table3, and nothing else that begins with ESC. */
// oxlint-disable-next-line no-control-regex -- finding them is the point
const COLOUR = /(\u001b\[(?:0|1|31|32|33|36|39|90)m)/;

/** The only door to stdout and stderr for commands: nothing that a terminal would obey passes it, whoever forgot to look. */
export function createTerminal(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  { noColour }: { noColour: boolean },
): Terminal {
  const hasColour = stdout.isTTY && !noColour;
  return {
    write: text => void stdout.write(shown(text, hasColour)),
    writeError: text => void stderr.write(shown(text, false)),
    writeContent: content => void stdout.write(stdout.isTTY ? visible(content.toString()) : content),
    isInteractive: stderr.isTTY,
    width: stdout.isTTY ? stdout.columns : null,
    hasColour,
    stderr,
  };
}

function shown(text: string, hasColour: boolean): string {
  if (!hasColour) return visible(text);
  return text
    .split(COLOUR)
    .map((part, position) => (position % 2 === 1 ? part : visible(part)))
    .join('');
}
