export interface ExplainRequest {
  /** Absolute, or relative to the working directory. */
  file: string;
  /** explain() of watch/, with the datasets and the journal in hand: whether the orchestrator runs does not matter. */
  explain(file: string): Promise<string[]>;
  print(line: string): void;
}

/** `orchestrator explain FILE`: why a file was or was not taken, a sentence a line. Resolves to the exit code. */
export async function explainCommand(request: ExplainRequest): Promise<number> {
  for (const sentence of await request.explain(request.file)) request.print(sentence);
  return 0;
}
