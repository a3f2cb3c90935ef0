/** Of a data stream's name, as Elastic puts it together. */
export interface StreamParts {
  type: string;
  dataset: string;
  namespace: string;
}

/** Whose documents they are. */
export interface Origin {
  /** Of the machine. */
  host: string;
  /** Of the orchestrator. */
  version: string;
  /** `data_stream.*`. */
  stream: StreamParts;
}

/** Of the Elastic Common Schema. */
const ECS_VERSION = '8.17.0';

/** Fields of every document. */
export function common({ host, version, stream }: Origin): Record<string, unknown> {
  return {
    data_stream: stream,
    ecs: { version: ECS_VERSION },
    host: { name: host },
    service: { name: 'orchestrator', version },
  };
}
