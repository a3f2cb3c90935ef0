/** Errors of clients that tell what another program did, not what is wrong with this one. */
const OF_CLIENTS = ['ConnectionError', 'NoLivingConnectionsError', 'TimeoutError', 'AbortError', 'ResponseError'];

type Fields = Record<string, unknown>;

/**
 * The fields of a line, plain already, without the stacks of errors whose message says all: where in the code they came
 * from helps nobody.
 */
export function withoutKnownStacks(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, isKnownError(value) ? withoutStack(value) : value]),
  );
}

/** An error that is none of ours, or one that was foreseen: its kind says so, or the system's code. */
function isKnownError(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || !('stack_trace' in value)) return false;
  const { kind, code, type } = value as Fields;
  if (typeof kind === 'string') return kind !== 'bug';
  // Node's own ERR_… are of arguments that must not be.
  return (typeof code === 'string' && /^E(?!RR_)[A-Z0-9]+$/.test(code)) || OF_CLIENTS.includes(String(type));
}

function withoutStack(error: Fields): Fields {
  return { ...error, stack_trace: '', cause: undefined };
}
