/** How the embedded server differs from the server's defaults; deploy/dynamicconfig.yaml says the same to a cluster of one's own. */

/**
 * Polls per second of a shard's queues. With the server's 20 an activity costs 100 ms in sequence, with these 20 ms
 * (measured, see ARCHITECTURE.md); they bound how often it looks, not how much it does.
 */
const pollsPerSecond = 1_000;

/**
 * By the keys of the server's dynamic configuration, values as its JSON. A worker that is frozen (SIGSTOP, a suspended
 * laptop, a machine that is gone) leaves its polls open, and each of them swallows one task, which costs that task's time-out
 * of 5 s: up to 22.8 s in all were measured. So the server asks each connection after a second of silence, and drops one
 * that does not answer in two: before the heartbeat time-out of 5 s has sent the first task.
 */
export const dynamicConfig: Readonly<Record<string, number | string>> = {
  'history.transferProcessorMaxPollRPS': pollsPerSecond,
  'history.timerProcessorMaxPollRPS': pollsPerSecond,
  'frontend.keepAliveTime': '1s',
  'frontend.keepAliveTimeout': '2s',
};
