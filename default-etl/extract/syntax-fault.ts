/** The text is not what its format makes of it: what is wrong, and at which byte of the window. */
export class SyntaxFault extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** `line 3, column 17`, in characters, of a text that is held from its beginning on. */
export function placeIn(text: Buffer, position: number): string {
  const lines = text.toString('utf8', 0, position).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) as string).length + 1}`;
}
