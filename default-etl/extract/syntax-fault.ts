/** The text is not what its format makes of it: what is wrong, and at which byte of the window. */
export class SyntaxFault extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}
