/** Short connections to an embedded server: whether it answers, and setting up its namespace. */
import type { Connection } from '@temporalio/client';
import { ensureNamespace, ensureSearchAttributes } from './namespace.ts';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING` */
const serving = 1;

async function connected<T>(
  address: string,
  connectTimeout: number,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  // Lazy: the package takes half a second, and `threadmill --help` doesn't need it.
  const { Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ address, connectTimeout });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Whether the server at `address` says that its workflow service serves. Never throws; bounded to about 2 s. */
export async function answersHealthCheck(address: string): Promise<boolean> {
  const service = 'temporal.api.workflowservice.v1.WorkflowService';
  try {
    return await connected(address, 2_000, async (connection) => {
      const { status } = await connection.withDeadline(Date.now() + 2_000, () =>
        connection.healthService.check({ service }),
      );
      return (status as number) === serving;
    });
  } catch {
    return false;
  }
}

/** Namespace with its retention, and search attributes; in force when it resolves. Idempotent. */
export function prepareNamespace(
  address: string,
  namespace: string,
  retentionMs: number,
): Promise<{ readonly retentionMs: number; readonly searchAttributesReady: boolean }> {
  return connected(address, 10_000, async (connection) => ({
    retentionMs: await ensureNamespace(connection, namespace, retentionMs),
    searchAttributesReady: await ensureSearchAttributes(connection, namespace),
  }));
}
