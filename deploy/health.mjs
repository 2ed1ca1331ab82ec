// Whether a worker of this machine polls its task queue, by its metrics: exit code 0 or 1. For containers; needs no shell.
const port = (process.env['THREADMILL_METRICS_ADDRESS'] ?? '9464').replace(/^.*:/, '');
try {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(4_000) });
  const polls = /^temporal_num_pollers\{.*\} [1-9]/m.test(await response.text());
  if (!polls) throw new Error('the worker does not poll');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
