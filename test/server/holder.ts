/** Another threadmill process: holds the server of argv's folder, prints its facts as JSON, stays until it is killed. */
import { ensureServer } from '../../src/server/embedded.ts';

const server = await ensureServer({
  dataDir: process.argv[2] ?? '',
  persistence: true,
  retentionMs: 86_400_000,
});
process.stdout.write(`${JSON.stringify(server)}\n`);
process.stdin.resume().once('end', () => {
  void server.stop().then(() => process.exit(0));
});
