import type { Runners, ScheduleContext } from './context.ts';

/** Says in the log which runner a dataset gets and why, whenever that changes. */
export function announcedRunners({ runners, logger }: ScheduleContext): Runners {
  const said = new Map<string, string>();
  return {
    of: kind => runners.of(kind),
    all: () => runners.all(),
    async for(dataset) {
      const choice = await runners.for(dataset);
      const text = `dataset ${dataset.name} ${choice.reason}`;
      if (said.get(dataset.name) !== text) logger.info(text, { dataset: dataset.name });
      said.set(dataset.name, text);
      return choice;
    },
  };
}
