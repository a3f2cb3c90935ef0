import type { Command } from 'commander';

/** Takes the exit code of a command that runs. */
export type End = (outcome: Promise<number>) => Promise<void>;

export interface CommandTexts {
  /** `check`, `run <dataset> <files...>` */
  usage: string;
  description: string;
  /** After `orchestrator`. */
  example: string;
}

/** A command whose help ends with an example. */
export function addCommand(parent: Command, { usage, description, example }: CommandTexts): Command {
  return parent.command(usage).description(description).addHelpText('after', `\nExample:\n  orchestrator ${example}`);
}
