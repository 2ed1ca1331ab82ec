/** What threadmill needs of a namespace: that it exists, its retention, and the typed search attributes. */
import type { Connection } from '@temporalio/client';
import { searchAttributes } from '../contract/job.ts';
import { waitUntil } from './host.ts';

/** gRPC status numbers, which the SDK hands on as they are. */
const grpcStatus = { invalidArgument: 3, notFound: 5, alreadyExists: 6 } as const;

/** The embedded server refuses less for a local namespace (seen: 1 h accepted, 60 s refused). */
const retentionMsMin = 3_600_000;

/** The servers' namespace caches refresh every 2 to 10 s. */
const namespaceMs = 20_000;

/** Numbers of `temporal.api.enums.v1.IndexedValueType`, so that no enum has to be loaded. */
const indexedValueTypes = { Keyword: 2, Double: 4 } as const;

/** The gRPC status of an SDK error; undefined for other errors. */
export function grpcStatusOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : undefined;
}

/** Makes the namespace and waits until the server's caches have it: until then most calls say NOT_FOUND. */
async function register(connection: Connection, namespace: string, retentionMs: number): Promise<number> {
  const { msNumberToTs } = await import('@temporalio/common/lib/time.js');
  const service = connection.workflowService;
  try {
    await service.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msNumberToTs(retentionMs),
    });
  } catch (error) {
    if (grpcStatusOf(error) !== grpcStatus.alreadyExists) throw error;
  }
  await waitUntil(async () => {
    try {
      await service.listWorkflowExecutions({ namespace, pageSize: 1 });
      return true;
    } catch (error) {
      if (grpcStatusOf(error) === grpcStatus.notFound) return false;
      throw error;
    }
  }, namespaceMs);
  return retentionMs;
}

/**
 * Makes sure that the namespace exists and keeps closed jobs for `retentionMs` (raised to 1 hour, rounded up to
 * seconds). Idempotent; a namespace that has this retention is left alone.
 *
 * @returns the retention in force, ms, as the server reports it
 */
export async function ensureNamespace(
  connection: Connection,
  namespace: string,
  retentionMs: number,
): Promise<number> {
  const { msNumberToTs, optionalTsToMs } = await import('@temporalio/common/lib/time.js');
  const service = connection.workflowService;
  const wantedMs = Math.max(retentionMsMin, Math.ceil(retentionMs / 1000) * 1000);
  const described = async (): Promise<number | undefined> => {
    const { config } = await service.describeNamespace({ namespace });
    return optionalTsToMs(config?.workflowExecutionRetentionTtl);
  };
  let found: number | undefined;
  try {
    found = await described();
  } catch (error) {
    if (grpcStatusOf(error) !== grpcStatus.notFound) throw error;
    return register(connection, namespace, wantedMs);
  }
  if (found === wantedMs) return wantedMs;
  await service.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msNumberToTs(wantedMs) },
  });
  return (await described()) ?? wantedMs;
}

async function missing(connection: Connection, namespace: string): Promise<readonly string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.keys(searchAttributes).filter((name) => customAttributes[name] === undefined);
}

/** Whether a query may name them: registration is known at once, the query side's cache follows later. */
async function queryable(connection: Connection, namespace: string): Promise<boolean> {
  const query = Object.entries(searchAttributes)
    .map(([name, type]) => `${name} = ${type === 'Double' ? '0' : "'x'"}`)
    .join(' AND ');
  try {
    await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1, query });
    return true;
  } catch (error) {
    if (grpcStatusOf(error) === grpcStatus.invalidArgument) return false;
    throw error;
  }
}

/**
 * Registers threadmill's typed search attributes (`src/contract/job.ts`) where they are missing and waits until
 * queries accept them. Idempotent.
 *
 * @param timeoutMs how long to wait for the server's caches
 * @returns false when they did not become usable in that time; then jobs go without them
 * @throws the SDK's error when the server refuses (PERMISSION_DENIED on a managed cluster)
 */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
  timeoutMs = 15_000,
): Promise<boolean> {
  const absent = await missing(connection, namespace);
  if (absent.length > 0) {
    const types = Object.entries(searchAttributes).filter(([name]) => absent.includes(name));
    await connection.operatorService
      .addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(types.map(([name, type]) => [name, indexedValueTypes[type]])),
      })
      .catch((error: unknown) => {
        if (grpcStatusOf(error) !== grpcStatus.alreadyExists) throw error;
      });
  }
  return waitUntil(() => queryable(connection, namespace), timeoutMs);
}
