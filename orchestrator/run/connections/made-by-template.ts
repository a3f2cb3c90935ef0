import type { Client, estypes } from '@elastic/elasticsearch';

const REQUEST = { requestTimeout: 10_000, maxRetries: 1 };
/**
 * What the default ETL needs of an index from its first row on (its README says why): set where the template does not
 * say otherwise.
 */
const NEEDS = { subobjects: false, date_detection: false, numeric_detection: false } as const;

/**
 * Makes an index for which somebody's index template is: a run that has a key for its index alone sees no templates,
 * and would say in full how its index is to be. Nothing is done where there is none. Throws what the client does.
 */
export async function makeByTemplate(client: Client, index: string): Promise<void> {
  // The default ETL's own, of an earlier index of this name, is nobody's wish.
  await client.indices.deleteIndexTemplate({ name: `orchestrator-${index}` }, { ...REQUEST, ignore: [404] });
  const { template, overlapping = [] }: Partial<estypes.IndicesSimulateIndexTemplateResponse> =
    await client.indices.simulateIndexTemplate({ name: index }, REQUEST);
  if (template === undefined && overlapping.length === 0) return;
  const mappings = needsBeside(template?.mappings ?? {});
  const made = { index, mappings } as estypes.IndicesCreateRequest;
  const answer = await client.indices.create(made, { ...REQUEST, ignore: [400], meta: true });
  // The template has what can't stand beside that, or another run was faster.
  if (answer.statusCode === 400) await client.indices.create({ index }, { ...REQUEST, ignore: [400] });
}

function needsBeside(theirs: estypes.MappingTypeMapping): Record<string, boolean> {
  const isObject = (field: estypes.MappingProperty) => 'properties' in field || field.type === 'nested';
  const hasObjects = Object.values(theirs.properties ?? {}).some(isObject);
  const isFree = ([name]: [string, boolean]) => !(name in theirs) && !(name === 'subobjects' && hasObjects);
  return Object.fromEntries(Object.entries(NEEDS).filter(isFree));
}
