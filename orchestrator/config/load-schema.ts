import { type Load, TARGETS } from '../../default-etl/contract/contract.ts';
import { type DashboardSettings, dashboardSchema } from './dashboard-schema.ts';

const kinds = Object.entries(TARGETS);
const defaults = kinds.map(([name, { traits }]) => {
  const variables = traits.needs.map(({ variable }) => variable);
  return variables.length === 0 ? name : `${name} where ${variables.join(' and ')} is set`;
});

/** LOAD: what the ETL is told, and what the orchestrator itself makes of the rows. */
export interface LoadSettings extends Load {
  dashboard?: boolean | DashboardSettings;
}

/** What of LOAD the ETL is told: it knows nothing of dashboards. */
export function loadOfEtl(load: LoadSettings): Load {
  const { dashboard: _, ...told } = load;
  return told;
}

/**
 * LOAD, as the default ETL's targets describe it: every option that one of them takes, and the dashboard. Which of them
 * has no effect, checks.ts says.
 */
export const loadSchema = {
  type: 'object',
  properties: {
    target: {
      enum: kinds.map(([name]) => name),
      description: `Where the rows go: ${kinds.map(([, { description }]) => description).join(', or ')}.`,
      'x-default': defaults.join(', else '),
    },
    ...Object.assign({}, ...kinds.map(([, { options }]) => options)),
    dashboard: dashboardSchema,
  },
  additionalProperties: false,
  description: 'Where the rows go, and how.',
  'x-default': 'as below',
};
