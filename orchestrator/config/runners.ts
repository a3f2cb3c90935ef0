import Type, { type TProperties } from 'typebox';
import { dockerOptionsSchema } from './docker-schema.ts';

interface RunnerDeclaration {
  /** Keys of a dataset that are for this runner alone. */
  keys: TProperties;
  /** What it depends on, by its name in /api/health and /metrics; null: nothing. */
  part: string | null;
}

/**
 * Each kind of runner as the configuration and the API know it; what runs it is in run/runners.ts. RUNNER: auto asks
 * them in this order.
 */
const declarations = {
  docker: {
    keys: {
      DOCKER_OPTIONS: Type.Optional(
        Type.Object(dockerOptionsSchema.properties, {
          additionalProperties: false,
          description: 'How containers are started. The defaults are safe ones.',
          'x-default': 'as below',
        }),
      ),
    },
    part: 'engine',
  },
  process: { keys: {}, part: null },
} as const satisfies Record<string, RunnerDeclaration>;

export type RunnerKind = keyof typeof declarations;

/** In the order in which RUNNER: auto asks them. */
export const RUNNER_KINDS = Object.keys(declarations) as RunnerKind[];

export const runnerKeys = { ...declarations.docker.keys, ...declarations.process.keys };

export type RunnerPart = NonNullable<(typeof declarations)[RunnerKind]['part']>;

export const RUNNER_PARTS: readonly RunnerPart[] = Object.values(declarations).flatMap(({ part }) => part ?? []);
