/**
 * What a field takes. What can be seen in a loop over a column need not be asked of `fits`, which then costs too much.
 */
export interface FieldCheck {
  /**
   * Whether the field takes the cell bytes[start, end); else it is left out of the field, though not of the document.
   */
  fits: (this: void, bytes: Buffer, start: number, end: number) => boolean;
  /** A cell of no more bytes fits. */
  bytes: number;
  /** A number of no more digits fits, with a sign in front and, where `point`, with one point in it. */
  digits: number;
  point: boolean;
  /** Of dates: whether it is written as the field has them, and there is no such day, or none that the field takes. */
  isImpossible: (text: string) => boolean;
}

/** Nothing can be seen in a loop. */
export const UNSEEN: Omit<FieldCheck, 'fits'> = { bytes: 0, digits: 0, point: false, isImpossible: () => false };
