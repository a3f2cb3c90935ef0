/** What a clause's marker in the code (`// rule 4: a retry keeps its VERSION`) needs beside it, so that it can be proved. */
export interface Clause {
  /**
   * What stands there when the clause's code is taken out: instead of `code`, at its first place behind the marker, or
   * of the whole line behind it. '' unless told. It must still be a program.
   */
  without?: string;
  code?: string;
  /** Title of the test that fails without that code, or a part of it that no other test has. */
  title: string;
  /** The test file that runs it, where the title is written in a suite that several implementations share. */
  test?: string;
}

export interface Rule {
  number: number;
  name: string;
  /** By what each clause says, as its marker has it. */
  clauses: Readonly<Record<string, Clause>>;
}

/** A clause, with where its code and its test were found. */
export interface PlacedClause extends Clause {
  rule: number;
  clause: string;
  /** File of the code, relative to the project's root. */
  file: string;
  /** Of its marker, from 0. */
  line: number;
  /** Where the title is written, relative to the project's root. */
  titled: string;
  test: string;
}
