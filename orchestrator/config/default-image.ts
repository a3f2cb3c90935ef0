/**
 * DOCKER_IMAGE of a dataset that names none: the default ETL of the same version as this orchestrator, as `npm run
 * images` builds it.
 */
export const DEFAULT_IMAGE = 'orchestrator-etl/default-etl:0.1.0';
