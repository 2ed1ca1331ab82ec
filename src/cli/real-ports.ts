/** The rest of threadmill as the commands see it. Dynamic imports only: each Temporal package costs 0.5 s to load. */
import { text } from 'node:stream/consumers';
import type { ResolvedServer } from '../server/connection.ts';
import { toJobSettings, type SettingsValues } from '../settings.ts';
import { openFile } from './open-file.ts';
import type { Ports, ServerHandle } from './ports.ts';

async function startServer(
  values: SettingsValues,
  onProgress: ((message: string) => void) | undefined,
): Promise<ServerHandle> {
  const { ensureServer } = await import('../server/embedded.ts');
  const gone = Promise.withResolvers<never>();
  // Whoever waits for it sees the error; before and after that it must not end the process.
  gone.promise.catch(() => undefined);
  const server = await ensureServer({
    dataDir: values.checkpointStorage,
    persistence: values.checkpointPersistence,
    retentionMs: values.checkpointRetentionPeriod,
    namespace: values.namespace ?? undefined,
    port: values.port ?? undefined,
    uiPort: values.uiPort ?? undefined,
    temporalCli: values.temporalCli ?? undefined,
    onProgress,
    onLost: (error) => {
      gone.reject(error);
    },
  });
  const { address, uiUrl, namespace, owned, logFile } = server;
  return { address, uiUrl, namespace, owned, logFile, lost: gone.promise, stop: () => server.stop() };
}

async function* readRejects(folder: string): ReturnType<Ports['readRejects']> {
  const { readRejects: read } = await import('../engine/dataset/rejects.ts');
  yield* read(folder);
}

/** Loads what a command needs when it needs it. */
export const realPorts: Ports = {
  connectThreadmill: async (options) => (await import('../index.ts')).connectThreadmill(options),
  startWorker: async ({ server, ...options }) =>
    // what connectThreadmill of this very table gave
    (await import('../worker.ts')).startWorker({ ...options, server: server as ResolvedServer }),
  startServer: ({ values, onProgress }) => startServer(values, onProgress),
  inspectArchive: async (path, options) =>
    (await import('../engine/archive/inspect.ts')).inspectArchive(path, options),
  checkSelection: async (values, kind, joined) => {
    const [{ readNameFiles }, { checkSelection }] = await Promise.all([
      import('../engine/selection/name-files.ts'),
      import('../engine/selection/plan.ts'),
    ]);
    const settings = readNameFiles(toJobSettings(values));
    const ofTable = joined && kind === 'submissions';
    const { columns: _, ...others } = settings;
    checkSelection(ofTable ? others : settings, kind, joined);
  },
  peekArchive: async (path, request) =>
    (await import('../engine/peek/peek-archive.ts')).peekArchive(path, request),
  verifyDataset: async (folder) => (await import('../engine/dataset/verify.ts')).verifyDataset(folder),
  isCorpus: async (folder) => (await import('../engine/corpus/verify-corpus.ts')).isCorpus(folder),
  verifyCorpus: async (folder, options) =>
    (await import('../engine/corpus/verify-corpus.ts')).verifyCorpus(folder, options),
  meansMany: async (source) => (await import('../engine/corpus/find-archives.ts')).meansMany(source),
  findArchives: async (sources) => (await import('../engine/corpus/find-archives.ts')).findArchives(sources),
  readInput: async () => text(process.stdin),
  readRejects,
  writeReport: async (dataset, options) =>
    (await import('../report/write-report.ts')).writeReport(dataset, options),
  openFile,
};
