/** A clause of one of the rules that keep the promise: the code that holds it, and the test that fails without that code. */
export interface Clause {
  /** What the clause says, in a few words. */
  clause: string;
  /** File of the code, relative to the project's root. */
  file: string;
  /** Exact text of the code that holds the clause; it is in the file once. */
  code: string;
  /** What stands there when the clause's code is taken out. It must still be a program. */
  without: string;
  /** Test file, relative to the project's root. */
  test: string;
  /** Where the test's title is written, if not in `test`: a suite that several implementations share. */
  suite?: string;
  /** The test's title, or a part of it that no other test has. */
  title: string;
}

export interface Rule {
  number: number;
  name: string;
  clauses: readonly Clause[];
}
